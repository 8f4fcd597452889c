import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { threads } from './llama.ts';
import { modelBytes } from './modelBytes.ts';
import { quant } from './testModel.ts';

test('a model in one file, in several, and one that is not there', () => {
  expect(modelBytes(quant.q4)).toBe(statSync(quant.q4).size);
  expect(modelBytes(quant.split)).toBe([1, 2, 3].reduce((sum, index) => sum + statSync(quant.split.replace('00001', `0000${index}`)).size, 0));
  expect(modelBytes('/nowhere.gguf')).toBe(0);
});

test('a small model is computed by one thread', () => {
  expect(threads(modelBytes(quant.split))).toBe(1);
  expect(threads()).toBeGreaterThanOrEqual(1);
});
