/** What is told of settings that do not hold. */
import { expect, test } from 'vitest';
import type { LadderStep } from '../../shared/schemas/engine.ts';
import { defaultLoadSettings, type LoadSettings } from '../../shared/schemas/memory.ts';
import { unmetOf } from './unmet.ts';

const shares = [
  { id: 0, share: 1 },
  { id: 1, share: 3 },
];
const everything: LoadSettings = { ...defaultLoadSettings, slots: 4, speculation: { type: 'mtp' }, cards: shares };
const other = { model: { backend: 'node-llama-cpp' }, guesses: true, steps: [] } as const;
const server = { model: { backend: 'llama-server' }, guesses: true, steps: [] } as const;
const down = (change: LadderStep['change']): LadderStep => ({ change, from: '', to: '', why: 'gpu' });

test('nothing is missed of what nobody asked for, and of what llama-server does', () => {
  expect(unmetOf(defaultLoadSettings, other)).toEqual([]);
  expect(unmetOf(everything, server)).toEqual([]);
});

test('what llama-server alone can do is told with what building it lacked', () => {
  expect(unmetOf({ ...everything, engine: 'llama-server' }, { ...other, missing: 'cmake' })).toEqual(
    ['engine', 'slots', 'speculation', 'cards'].map((setting) => ({ setting, why: 'cmake' })),
  );
});

test('or that the other engine was chosen', () => {
  const asked: LoadSettings = { ...defaultLoadSettings, engine: 'node-llama-cpp', slots: 2 };
  expect(unmetOf(asked, other)).toEqual([{ setting: 'slots', why: 'otherEngine' }]);
});

test('what there is nothing to guess with is told, a step down tells for itself', () => {
  expect(unmetOf(everything, { ...server, guesses: false })).toEqual([{ setting: 'speculation', why: 'noGuesser' }]);
  expect(unmetOf(everything, { ...server, guesses: false, steps: [down('speculation')] })).toEqual([]);
  expect(unmetOf({ ...everything, slots: 1 }, { ...other, steps: [down('speculation'), down('backend')] })).toEqual([]);
});
