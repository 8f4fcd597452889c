/** The slider's steps. */
import { expect, test } from 'vitest';
import { contextSteps, longestContext, nearestStep } from './contextSteps.ts';

test('steps grow with the size, are whole multiples of 256 and end at the model’s own context', () => {
  const steps = contextSteps(40_960);
  expect(steps.slice(0, 8)).toEqual([256, 512, 768, 1024, 1280, 1536, 1792, 2048]);
  expect(steps.at(-1)).toBe(40_960);
  expect(steps.slice(0, -1).every((step, index) => step % 256 === 0 && step < (steps[index + 1] ?? 0))).toBe(true);
  expect(contextSteps(262_144)).toContain(16_384);
  expect(contextSteps(200)).toEqual([256]);
});

test('the nearest step never asks for more', () => {
  const steps = contextSteps(32_768);
  expect(steps[nearestStep(steps, 16_384)]).toBe(16_384);
  expect(steps[nearestStep(steps, 17_000)]).toBe(16_384);
  expect(steps[nearestStep(steps, 1_000_000)]).toBe(32_768);
  expect(steps[nearestStep(steps, 1)]).toBe(256);
});

test('beyond the model’s own context only where that was asked for and can be done', () => {
  expect(longestContext(32_768, {}, ['yarn'])).toBe(32_768);
  expect(longestContext(32_768, { ropeScaling: 'none' }, ['yarn'])).toBe(32_768);
  expect(longestContext(32_768, { ropeScaling: 'linear' }, ['yarn'])).toBe(32_768);
  expect(longestContext(32_768, { ropeScaling: 'yarn' })).toBe(32_768);
  expect(longestContext(32_768, { ropeScaling: 'yarn' }, ['yarn', 'linear'])).toBe(131_072);
});
