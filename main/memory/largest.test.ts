/** The largest number that fits, whatever the shape of what it takes. */
import { expect, test } from 'vitest';
import { largest } from './largest.ts';

const find = async (free: number, takes: (at: number) => number, { low = 1, high = 1024 }: { low?: number; high?: number } = {}) => {
  const asked: number[] = [];
  const found = await largest({
    low,
    high,
    spare: async (at) => {
      asked.push(at);
      return free - takes(at);
    },
  });
  return { found, asked };
};

test.each([
  ['a straight line', (at: number) => 1000 + 7.3 * at],
  ['a line with steps up and down', (at: number) => 1000 + 7.3 * at + 90 * (Math.floor(at / 64) % 3)],
  ['a line that becomes steeper', (at: number) => 1000 + (at < 300 ? at : 300 + 20 * (at - 300))],
  ['a line that becomes flat', (at: number) => 1000 + (at < 300 ? 20 * at : 6000 + 0.01 * (at - 300))],
])('%s: what is found fits and one more does not', async (_, takes) => {
  for (let free = 1001; free < 12_000; free += 97) {
    const { found, asked } = await find(free, takes);
    if (found === undefined) expect(takes(1)).toBeGreaterThan(free);
    else {
      expect(takes(found)).toBeLessThanOrEqual(free);
      if (found < 1024) expect(takes(found + 1)).toBeGreaterThan(free);
    }
    expect(asked.length).toBeLessThanOrEqual(20);
    expect(new Set(asked).size).toBe(asked.length);
  }
});

test('a straight line takes four questions', async () => {
  const takes = (at: number): number => 1000 + 7.3 * at;
  expect(await find(5000, takes)).toEqual({ found: 547, asked: [1024, 1, 547, 548] });
});

test('all or nothing', async () => {
  expect(await find(99_999, (at) => at)).toEqual({ found: 1024, asked: [1024] });
  expect((await find(0, (at) => at)).found).toBeUndefined();
  expect(await find(0, () => 1, { high: 1 })).toEqual({ found: undefined, asked: [1] });
});
