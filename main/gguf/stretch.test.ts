/** Which models' contexts can be stretched, and how far their rotations are slowed down for it. */
import { expect, test } from 'vitest';
import { header } from '../memory/testing/allocations.ts';
import type { GgufValue } from './header.ts';
import { stretchFactor, stretchOf } from './stretch.ts';

const made = (of: Record<string, GgufValue>, tensors: string[] = [], architecture = 'llama') => ({
  metadata: new Map<string, GgufValue>([
    ['general.architecture', architecture],
    ...Object.entries({ context_length: 8192, 'rope.freq_base': 10_000, ...of }).map(([key, value]): [string, GgufValue] => [`${architecture}.${key}`, value]),
  ]),
  tensors: tensors.map((name) => ({ name, dimensions: [1], type: 0, offset: 0 })) as never,
});

test('a model with plain rotations, by YaRN or evenly', () => {
  const stretch = stretchOf(header('qwen3.5-9b-Q4_K_M'));
  expect(stretch).toEqual({ ways: ['yarn', 'linear'], trained: 262_144, original: 262_144, factor: 1 });
  expect(stretchFactor(stretch!, 'yarn', 524_288)).toBe(2);
  expect(stretchFactor(stretch!, 'linear', 300_000)).toBe(1.25);
});

test('a stretch of its own is gone on with, in the same way', () => {
  const yarn = stretchOf(made({ 'rope.scaling.type': 'yarn', 'rope.scaling.factor': 2, 'rope.scaling.original_context_length': 4096 }));
  expect(yarn).toEqual({ ways: ['yarn'], trained: 8192, original: 4096, factor: 2 });
  expect(stretchFactor(yarn!, 'yarn', 16_384)).toBe(4);
  const linear = stretchOf(made({ 'rope.scaling.factor': 8 }));
  expect(linear).toMatchObject({ ways: ['linear'], original: 1024 });
  expect(stretchFactor(linear!, 'linear', 16_384)).toBe(16);
});

test('not one without rotations, with a table of its own, or that does not say what it was made for', () => {
  expect(stretchOf(header('llama-3.1-8b-Q4_K_M'))).toBeUndefined();
  expect(stretchOf(made({}, [], 'mamba2'))).toBeUndefined();
  expect(stretchOf(made({ 'rope.freq_base': 0 }))).toBeUndefined();
  expect(stretchOf(made({}, ['rope_factors_long.weight']))).toBeUndefined();
  expect(stretchOf(made({ 'rope.scaling.type': 'longrope', 'rope.scaling.factor': 4 }))).toBeUndefined();
  expect(stretchOf(made({ context_length: 0 }))).toBeUndefined();
});
