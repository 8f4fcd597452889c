import { expect, test } from 'vitest';
import { checkpointCount, checkpointRoom, checkpointsOf } from './checkpoints.ts';
import { quant } from './testModel.ts';

const MiB = 2 ** 20;

test('as many as there is room for, never fewer than four', () => {
  expect([1 * MiB, 19 * MiB, 50 * MiB, 150 * MiB].map(checkpointCount)).toEqual([16, 16, 10, 4]);
  expect(checkpointCount(50 * MiB) * 50 * MiB).toBeLessThanOrEqual(checkpointRoom);
});

test('spread over the context of a real model', async () => {
  expect(await checkpointsOf({ model: quant.q4 }, 4096)).toEqual({ count: 16, step: 293 });
  expect(await checkpointsOf({ model: quant.split }, 32768)).toEqual({ count: 16, step: 2341 });
});

test('several conversations share the room, and what guesses has a state too', () => {
  const each = (stateBytes: number, slots: number): number => checkpointCount(slots * stateBytes);
  expect([each(19 * MiB, 1), each(19 * MiB, 3), each(19 * MiB, 8)]).toEqual([16, 8, 4]);
});

test('a file that cannot be read gets the fewest, and its fault from the load', async () => {
  expect(await checkpointsOf({ model: '/nowhere.gguf' }, 4096)).toEqual({ count: 4, step: 2048 });
});
