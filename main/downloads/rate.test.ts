/** The rate that a person sees. */
import { expect, test } from 'vitest';
import { createRate } from './rate.ts';

test('is what came in the last five seconds, and falls to 0 when nothing comes', () => {
  const rate = createRate();
  expect(rate.perSecond(0)).toBe(0);
  for (let at = 0; at <= 10_000; at += 250) rate.add(at * 2, at);
  expect(rate.perSecond(10_000)).toBeCloseTo(2000);
  for (let at = 10_250; at <= 16_000; at += 250) rate.add(20_000, at);
  expect(rate.perSecond(12_500)).toBeLessThan(2000);
  expect(rate.perSecond(16_000)).toBe(0);
});

test('does not count what was there before, nor what was thrown away', () => {
  const rate = createRate();
  rate.add(1_000_000, 0);
  rate.add(1_001_000, 1000);
  expect(rate.perSecond(1000)).toBeCloseTo(1000);
  rate.add(0, 2000);
  rate.add(500, 3000);
  expect(rate.perSecond(3000)).toBeCloseTo(500);
});
