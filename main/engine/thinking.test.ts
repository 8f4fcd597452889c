/** The splitter gives the same answer wherever the stream is cut. */
import { expect, test } from 'vitest';
import { createSplitter } from './thinking.ts';

function split(pieces: string[], thinking: boolean): { thinking: string; text: string } {
  const splitter = createSplitter(thinking);
  const said = [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
  const join = (type: string): string => said.filter((part) => part.type === type).reduce((all, part) => all + part.text, '');
  return { thinking: join('thinking'), text: join('text') };
}

const cases = [
  {
    name: 'opened by the prompt',
    written: '\nHm, a < b </thin and so.\n</think>\n\nYes: <b>.',
    thinking: true,
    expected: { thinking: 'Hm, a < b </thin and so.', text: 'Yes: <b>.' },
  },
  { name: 'opened by the model', written: '<think>\nHm.\n</think>\n\nYes.', thinking: false, expected: { thinking: 'Hm.', text: 'Yes.' } },
  { name: 'no thinking', written: 'Write <think> yourself.', thinking: false, expected: { thinking: '', text: 'Write <think> yourself.' } },
  { name: 'never closed', written: 'Hm, well </thi', thinking: true, expected: { thinking: 'Hm, well </thi', text: '' } },
  { name: 'empty thinking', written: '\n\n</think>\n\nYes.', thinking: true, expected: { thinking: '', text: 'Yes.' } },
  { name: 'half an opening tag', written: '<thi', thinking: false, expected: { thinking: '', text: '<thi' } },
  { name: 'a second block is text', written: 'a</think>b<think>c</think>d', thinking: true, expected: { thinking: 'a', text: 'b<think>c</think>d' } },
];

for (const { name, written, thinking, expected } of cases) {
  test(`${name}: every cut in two and every letter alone`, () => {
    for (let cut = 0; cut <= written.length; cut++) expect(split([written.slice(0, cut), written.slice(cut)], thinking)).toEqual(expected);
    expect(split([...written], thinking)).toEqual(expected);
  });
}

test('an answer is said at once, not kept until the end', () => {
  const splitter = createSplitter(false);
  expect(splitter.push('Hello')).toEqual([{ type: 'text', text: 'Hello' }]);
  expect(splitter.push(' there')).toEqual([{ type: 'text', text: ' there' }]);
});
