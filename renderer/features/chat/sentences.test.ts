/** What is said of a streaming answer, and when. */
import { expect, test } from 'vitest';
import { spoken, wholeSentences } from './sentences.ts';

test.each([
  ['It is 3.14 or', 0],
  ['It is three. And', 12],
  ['Really?! Yes', 8],
  ['He said "no." Then', 13],
  ['Item one\nItem', 9],
  ['日本。次', 3],
])('%j is whole up to %d', (text, end) => expect(text.slice(0, wholeSentences(text, 0)).trimEnd()).toBe(text.slice(0, end).trimEnd()));

test('is said without its marks', () => {
  expect(spoken('## A **bold** [link](https://x.y) and `code`\n```js\nrun()\n```\n- one')).toBe('A bold link and code run() one');
});
