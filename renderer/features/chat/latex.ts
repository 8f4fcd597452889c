/** Brings the ways in which models write LaTeX to the one that our Markdown reads. */

/** Code, fenced or inline, and a fence that is still open: LaTeX is not looked for in there. */
const code = /(^|\n)[ \t]*(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:\n[ \t]*\2[`~]*[ \t]*(?=\n|$)|$)|(`+)(?!`)[\s\S]*?[^`]\3(?!`)/g;

/**
 * Markdown in which `\(x\)` and `$x$` are `$$x$$`, and `\[x\]` is a block of its own.
 * A single dollar counts as pandoc has it: nothing blank inside of either, no digit after the second, all on one line; so prices stay prices.
 */
export function normaliseLatex(markdown: string): string {
  if (!markdown.includes('$') && !markdown.includes('\\(') && !markdown.includes('\\[')) return markdown;
  let result = '';
  let at = 0;
  for (const match of markdown.matchAll(code)) {
    result += outsideCode(markdown.slice(at, match.index)) + match[0];
    at = match.index + match[0].length;
  }
  return result + outsideCode(markdown.slice(at));
}

function outsideCode(text: string): string {
  return text
    .replace(/\\\[([\s\S]+?)\\\]/g, (_, inner: string) => `\n\n$$\n${inner.trim()}\n$$\n\n`)
    .replace(/\\\((.+?)\\\)/g, (_, inner: string) => `$$${inner.trim()}$$`)
    .replace(/(?<![\\$\w])\$(?![\s$\d])([^$\n]*[^\s$\\])\$(?![\d$])/g, (_, inner: string) => `$$${inner}$$`)
    .replace(/(?<![\\$\w])\$(\d[^$\n]*[\\^_=+*/][^$\n]*[^\s$\\])\$(?![\d$])/g, (_, inner: string) => `$$${inner}$$`);
}
