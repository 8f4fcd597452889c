/** Quality words for labels as they occur on the Hub. */
import { expect, test } from 'vitest';
import { qualityOf } from './quality.ts';

test.each([
  ['BF16', 'original'],
  ['F32', 'original'],
  ['Q8_0', 'lossless'],
  ['UD-Q6_K_XL', 'nearLossless'],
  ['Q5_K_S', 'veryGood'],
  ['Q4_K_M', 'good'],
  ['IQ4_XS', 'good'],
  ['MXFP4_MOE', 'good'],
  ['UD-IQ3_XXS', 'fair'],
  ['Q2_K', 'poor'],
  ['TQ1_0', 'poor'],
  ['?', 'unknown'],
] as const)('%s is %s', (label, word) => {
  expect(qualityOf({ label })).toBe(word);
});

test('a label that says nothing goes by its bits per weight', () => {
  expect(qualityOf({ label: '?', bitsPerWeight: 4.8 })).toBe('good');
});
