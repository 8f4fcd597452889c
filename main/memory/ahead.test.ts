/** Which questions are asked before a person asks them, and that they never stand in a person's way. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { MemorySource } from '../../shared/contract/core.ts';
import { defaultLoadSettings, type Estimate, type LoadSettings } from '../../shared/schemas/memory.ts';
import { createAhead } from './ahead.ts';

const settings: LoadSettings = { ...defaultLoadSettings, contextSize: 8192 };
const never = new AbortController().signal;
const q4: MemorySource = { kind: 'hub', repo: 'a/b', commit: 'c', quantization: 'q4.gguf' };
const q8: MemorySource = { ...q4, quantization: 'q8.gguf' };

const estimate = vi.fn(async (_: { source: MemorySource; settings: LoadSettings }, __: AbortSignal) => ({ trainContext: 16_384 }) as Estimate);
const asked = () => estimate.mock.calls.map(([{ source, settings: at }]) => [source.kind === 'hub' ? source.quantization : source.id, at.contextSize]);

beforeEach(() => {
  vi.useFakeTimers();
  estimate.mockClear();
});
afterEach(() => vi.useRealTimers());

test('when nobody asks, the stops beside are asked for every row, the nearest first', async () => {
  const ahead = createAhead({ estimate }, 100);
  await Promise.all([ahead({ source: q4, settings }, never), ahead({ source: q8, settings }, never)]);
  await vi.advanceTimersByTimeAsync(99);
  expect(estimate).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(1);
  const stops = [10_240, 7168, 12_288, 6144, 14_336, 5120, 16_384, 4096];
  expect(asked().slice(2)).toEqual(
    stops.flatMap((stop) => [
      ['q4.gguf', stop],
      ['q8.gguf', stop],
    ]),
  );
  // What was asked ahead is no reason to ask further ahead.
  await vi.advanceTimersByTimeAsync(1000);
  expect(estimate).toHaveBeenCalledTimes(18);
});

test('a person’s question ends it, and the next one is about the new place', async () => {
  const ahead = createAhead({ estimate }, 100);
  await ahead({ source: q4, settings }, never);
  const held = Promise.withResolvers<Estimate>();
  estimate.mockImplementationOnce((_, signal) => {
    signal.addEventListener('abort', () => held.reject(signal.reason));
    return held.promise;
  });
  await vi.advanceTimersByTimeAsync(100);
  expect(asked().slice(1)).toEqual([['q4.gguf', 10_240]]);
  const looked = estimate.mock.calls.at(-1)![1];
  await ahead({ source: q8, settings: { ...settings, contextSize: 512 } }, never);
  expect(looked.aborted).toBe(true);
  await vi.advanceTimersByTimeAsync(100);
  // Downwards first, not the row that is no longer at the settings on screen; and there is no stop below the first.
  expect(asked().slice(3, 6)).toEqual([
    ['q8.gguf', 256],
    ['q8.gguf', 768],
    ['q8.gguf', 1024],
  ]);
});

test('a row that cannot be told does not keep the others from being asked', async () => {
  const ahead = createAhead({ estimate }, 100);
  await Promise.all([ahead({ source: q4, settings }, never), ahead({ source: q8, settings }, never)]);
  estimate.mockRejectedValueOnce(new Error('gone'));
  await vi.advanceTimersByTimeAsync(100);
  expect(estimate).toHaveBeenCalledTimes(18);
});
