/** The words of the picker's rows, in both languages. */
import { expect, test } from 'vitest';
import { createFormat } from '../../../shared/format.ts';
import { quantizationQuality } from '../../../shared/quality.ts';
import { createI18n } from '../../i18n.ts';
import { ago } from './ago.ts';
import { limitWords, qualitySource, speedWords } from './rowWords.ts';

const en = [createI18n('en').getFixedT('en', 'discover'), createFormat('en-GB')] as const;
const fr = [createI18n('fr').getFixedT('fr', 'discover'), createFormat('fr')] as const;

test('a speed is a range where its ends are apart, one number where they are not, and plain where it was measured', () => {
  expect(speedWords(...en, { low: 30.2, high: 45.8, measured: false })).toBe('30–46 tok/s');
  expect(speedWords(...en, { low: 36, high: 40, measured: false })).toBe('~38 tok/s');
  expect(speedWords(...en, { low: 41.3, high: 41.3, measured: true })).toBe('41 tok/s');
  expect(speedWords(...fr, { low: 2.14, high: 3.36, measured: false })).toBe('2,1–3,4 tok/s');
});

test('the longest context is that of the cache chosen', () => {
  const limits = { f16: 29 * 1024, q8_0: 55 * 1024 };
  expect(limitWords(...en, limits, 'f16')).toBe('29k');
  expect(limitWords(...en, limits, 'q8_0')).toBe('55k');
  expect(limitWords(...en, limits, 'q4_0')).toBe('55k+');
  expect(limitWords(...en, { f16: null, q8_0: 512 }, 'f16')).toBe('–');
});

test('a quality names its number and which quantization it was measured with', () => {
  const of = (label: string) => qualitySource(...en, quantizationQuality({ id: `m-${label}.gguf`, label }));
  expect(of('Q6_K')).toBe('divergence from the original (KLD) 0.0055, measured by llama.cpp tools/perplexity, Llama-3-8B');
  expect(of('UD-Q4_K_XL')).toContain('as Q4_K_M');
  expect(of('BF16')).toBeUndefined();
});

test('ages are told in the largest whole unit', () => {
  const now = Date.parse('2026-11-22T12:00:00.000Z');
  expect(ago('en-GB', '2026-11-22T08:59:00.000Z', now)).toBe('3 hours ago');
  expect(ago('fr', '2026-11-20T11:00:00.000Z', now)).toBe('il y a 2 jours');
  expect(ago('en-GB', '2026-11-22T11:59:50.000Z', now)).toBe('0 minutes ago');
  // A clock that was set back.
  expect(ago('en-GB', '2026-11-22T13:00:00.000Z', now)).toBe('0 minutes ago');
});
