import { expect, test } from 'vitest';
import type { Message } from '../../shared/contract/control.ts';
import { answerRoom, fitInto } from './overflow.ts';
import { say } from './testModel.ts';

/** A system message and `turns` questions with their answers, each message of 50 tokens, and a last question. */
function chat(turns: number): { messages: Message[]; tokens: number[] } {
  const messages = [
    say('system', 'Be brief.'),
    ...Array.from({ length: turns }, (_, index) => [say('user', `question ${index}`), say('assistant', `answer ${index}`)]).flat(),
    say('user', 'the last'),
  ];
  return { messages, tokens: messages.map(() => 50) };
}
const texts = (messages: Message[]): string[] => messages.map(({ content }) => content.map((part) => (part.type === 'text' ? part.text : '')).join(''));

test('leaves alone what fits', () => {
  const { messages, tokens } = chat(5);
  expect(fitInto(messages, tokens, 600, 'dropOldest')).toEqual({ messages, dropped: { messages: 0, tokens: 0 } });
});

test('stops rather than leave anything out, when that was chosen', () => {
  const { messages, tokens } = chat(5);
  expect(fitInto(messages, tokens, 599, 'stop')).toBeUndefined();
});

test('drops the oldest turns in blocks, never the system message or the last question', () => {
  const { messages, tokens } = chat(5);
  const fitted = fitInto(messages, tokens, 599, 'dropOldest')!;
  // A quarter of 599 tokens takes two turns of 100.
  expect(fitted.dropped).toEqual({ messages: 4, tokens: 200 });
  expect(texts(fitted.messages)).toEqual(['Be brief.', 'question 2', 'answer 2', 'question 3', 'answer 3', 'question 4', 'answer 4', 'the last']);
});

test('keeps the beginning and the end', () => {
  const { messages, tokens } = chat(5);
  const fitted = fitInto(messages, tokens, 599, 'keepEnds')!;
  expect(fitted.dropped).toEqual({ messages: 4, tokens: 200 });
  expect(texts(fitted.messages)).toEqual(['Be brief.', 'question 0', 'answer 0', 'question 3', 'answer 3', 'question 4', 'answer 4', 'the last']);
});

test('what is kept begins the same for several turns', () => {
  const firsts = Array.from({ length: 40 }, (_, turns) => {
    const { messages, tokens } = chat(turns + 10);
    return texts(fitInto(messages, tokens, 1000, 'dropOldest')!.messages)[1];
  });
  const changes = firsts.filter((first, index) => index > 0 && first !== firsts[index - 1]).length;
  expect(changes).toBeGreaterThan(5);
  expect(changes).toBeLessThanOrEqual(Math.ceil((40 * 100) / 250));
});

test('the calls of tools go with the question that led to them', () => {
  const messages = [
    say('user', 'weather?'),
    { ...say('assistant', ''), toolCalls: [{ id: '1', name: 'get_weather', arguments: '{}' }] },
    { ...say('tool', 'rain'), toolCallId: '1' },
    say('assistant', 'It rains.'),
    say('user', 'Thanks'),
  ];
  const fitted = fitInto(messages, [10, 10, 10, 10, 10], 40, 'dropOldest')!;
  expect(texts(fitted.messages)).toEqual(['Thanks']);
  expect(fitted.dropped).toEqual({ messages: 4, tokens: 40 });
});

test('a last question that is too long by itself does not fit', () => {
  const { messages } = chat(2);
  expect(fitInto(messages, [10, 10, 10, 10, 10, 500], 400, 'dropOldest')).toBeUndefined();
  expect(fitInto(messages, [10, 10, 10, 10, 10, 500], 400, 'keepEnds')).toBeUndefined();
  expect(fitInto([say('system', 'a')], [10], 5, 'dropOldest')).toBeUndefined();
});

test('room for the answer', () => {
  expect(answerRoom(4096, undefined)).toBe(1024);
  expect(answerRoom(4096, 100)).toBe(100);
});
