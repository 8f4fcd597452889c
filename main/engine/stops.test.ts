import { expect, test } from 'vitest';
import { createStops } from './stops.ts';

function run(stops: string[], pieces: string[]): { said: string[]; ended: boolean } {
  const reader = createStops(stops);
  const said: string[] = [];
  for (const piece of pieces) {
    const { text, ended } = reader.push(piece);
    said.push(text);
    if (ended) return { said, ended };
  }
  return { said: [...said, reader.end()], ended: false };
}

test('ends before the stop, wherever it is cut', () => {
  expect(run(['END'], ['one E', 'N', 'D two'])).toEqual({ said: ['one ', '', ''], ended: true });
  expect(run(['END'], ['one END two'])).toEqual({ said: ['one '], ended: true });
});

test('what only looked like a stop is said after all', () => {
  expect(run(['END'], ['E', 'N', 'T'])).toEqual({ said: ['', '', 'ENT', ''], ended: false });
  expect(run(['END'], ['EN'])).toEqual({ said: ['', 'EN'], ended: false });
});

test('the first of several stops counts', () => {
  expect(run(['two', 'one'], ['zero one two']).said).toEqual(['zero ']);
});

test('without stops everything passes at once', () => {
  expect(run([], ['a', 'b'])).toEqual({ said: ['a', 'b', ''], ended: false });
});
