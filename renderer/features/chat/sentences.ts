/** Cuts a growing text into whole sentences, for those who hear it. */

const ends = /[.!?…]["'”’)\]]*(?=\s)|[。！？]|\n/g;

/** How far `text` is made of whole sentences, in UTF-16 units, from `from` on; `from` when none has ended. */
export function wholeSentences(text: string, from: number): number {
  let end = from;
  ends.lastIndex = from;
  for (let match = ends.exec(text); match; match = ends.exec(text)) end = ends.lastIndex;
  return end;
}

/** Markdown as it is said: without its marks, fences and addresses. */
export const spoken = (markdown: string): string =>
  markdown
    .replace(/^[ \t]*(`{3,}|~{3,}).*$/gm, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^[ \t]*(?:#{1,6}|>|[-*+])[ \t]+/gm, '')
    .replace(/[*_`~|]+/g, '')
    .replace(/\s+/g, ' ')
    .trim();
