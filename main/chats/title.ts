/** Names a chat after its first question. */
import type { Part } from '../../shared/schemas/chat.ts';

/** UTF-16 units of a title that was made from a question. */
const limit = 60;

/** The text that a person wrote, its parts joined by empty lines. */
export function textOf(parts: Part[]): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n');
}

/** The first words of a question, or the name of its first picture; empty when there is neither. */
export function titleOf(parts: Part[]): string {
  const words = textOf(parts).split(/\s+/u).filter(Boolean);
  if (words.length === 0) return parts.find((part) => part.type === 'image')?.name ?? '';
  let title = '';
  for (const word of words) {
    const longer = title ? `${title} ${word}` : word;
    if (longer.length > limit) return `${title || cut(word)}…`;
    title = longer;
  }
  return title;
}

/** The start of a word that is a title's length by itself, without half a character at the end. */
function cut(word: string): string {
  let start = '';
  for (const { segment } of new Intl.Segmenter().segment(word.slice(0, 4 * limit))) {
    if (start.length + segment.length > limit) break;
    start += segment;
  }
  return start;
}
