/** Quality words and numbers for labels as they occur on the Hub. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { badgesOf, qualityOf } from './quality.ts';

test.each([
  ['BF16', 'original'],
  ['F32', 'original'],
  ['Q8_0', 'lossless'],
  ['UD-Q8_K_XL', 'lossless'],
  ['UD-Q6_K_XL', 'nearLossless'],
  ['Q5_K_S', 'veryGood'],
  ['Q4_K_M', 'good'],
  ['IQ4_XS', 'good'],
  ['MXFP4_MOE', 'good'],
  ['Q4_0', 'fair'],
  ['Q3_K_M', 'fair'],
  ['UD-IQ3_XXS', 'fair'],
  ['Q2_K', 'poor'],
  ['TQ1_0', 'poor'],
  ['?', 'unknown'],
] as const)('%s is %s', (label, word) => {
  expect(qualityOf({ label }).word).toBe(word);
});

const published: { rows: { quant: string; imatrix: string | null; kld: number }[] } = JSON.parse(
  readFileSync(new URL('../e2e/fixtures/hub-samples/quant-quality.json', import.meta.url), 'utf8'),
);
const rows = published.rows.filter(({ quant, imatrix }) => quant !== 'f16' && (imatrix === null || imatrix === 'WT 10m'));

test.each(rows)('$quant ($imatrix): the published divergence', ({ quant, imatrix, kld }) => {
  const quality = qualityOf({ label: quant.toUpperCase(), imatrix: imatrix !== null });
  expect(quality.kld).toBe(kld);
  expect(quality).not.toHaveProperty('measuredAs');
  expect(quality.source).toContain('Llama-3-8B');
});

test("a publisher's own mix is judged as its nearest measured label, and says so", () => {
  expect(qualityOf({ label: 'UD-Q4_K_XL' })).toMatchObject({ word: 'good', kld: 0.028152, measuredAs: 'Q4_K_M' });
  expect(qualityOf({ label: 'Q6_K_L' })).toMatchObject({ word: 'nearLossless', kld: 0.005452, measuredAs: 'Q6_K' });
  expect(qualityOf({ label: 'UD-Q4_K_M' })).toMatchObject({ measuredAs: 'Q4_K_M' });
});

test('an importance matrix counts where it was measured', () => {
  expect(qualityOf({ label: 'Q4_K_M', imatrix: true }).kld).toBeLessThan(qualityOf({ label: 'Q4_K_M' }).kld!);
  expect(qualityOf({ label: 'Q6_K', imatrix: true }).kld).toBe(0.005452);
});

test('what was never measured has a word by its bits, and no number', () => {
  expect(qualityOf({ label: '?', bitsPerWeight: 4.8 })).toEqual({ word: 'good' });
  expect(qualityOf({ label: 'MXFP4' })).toEqual({ word: 'good' });
  expect(qualityOf({ label: 'Q4_K 3.57bpw', bitsPerWeight: 3.57 })).toEqual({ word: 'fair' });
});

test('Q4_0 that the model was trained for is better than Q4_K_M', () => {
  expect(qualityOf({ label: 'Q4_0', qat: true })).toEqual({ word: 'veryGood' });
});

test.each([
  ['gemma-4-12B-it-qat-Q4_0.gguf', ['qat']],
  ['gemma-4-26B-A4B-it-qat-UD-Q4_K_XL.gguf', ['dynamic', 'qat']],
  ['UD-Q4_K_XL/Model-UD-Q4_K_XL-00001-of-00002.gguf', ['dynamic']],
  ['Model.i1-Q4_K_M.gguf', ['imatrix']],
  ['gpt-oss-20b-MXFP4.gguf', ['mxfp4']],
  ['Model-Q4_K_M.gguf', []],
] as const)('badges of %s', (path, badges) => {
  expect(badgesOf(path)).toEqual(badges);
});
