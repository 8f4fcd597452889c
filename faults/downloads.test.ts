/** A few of the downloads of `npm run test:faults -- downloads`. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench, segmentSize, size } from './download.ts';
import { inWords, plan } from './plan.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const plans = [3, 4, 6, 7, 12, 16, 29].map((run) => plan(100_000 + run, size, segmentSize));
test.each(plans.map((faults) => [inWords(faults), faults] as const))('comes through %s', { timeout: 120_000 }, async (_, faults) => {
  const { ends, wrong } = await bench.download(faults);
  expect(wrong).toEqual([]);
  expect(ends.at(-1)).toBe('done');
});
