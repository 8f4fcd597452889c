/** What the command line says of a model whose experts lie in RAM, and of faults. */
import { expect, test } from 'vitest';
import type { Recommendation } from '../../shared/recommend.ts';
import { Fault } from '../../shared/result.ts';
import { defaultLoadSettings, type Estimate } from '../../shared/schemas/memory.ts';
import { faultSentence, recommendationSentence, verdictSentence } from './sentences.ts';

const some = { total: 25, onGpu: 25, expertsInRam: 14 };
const split = { total: 25, onGpu: 12 };
const none = { weights: 0, kvCache: 0, state: 0, compute: 0, projector: 0 };

test('the verdict names the layers whose experts are in RAM, else those that are there as a whole', () => {
  const of = (layers: Estimate['layers']): string =>
    verdictSentence({
      ...{ basis: 'about', engine: 'llama-server', settings: defaultLoadSettings, layers, gpu: none, ram: none },
      ...{ free: { gpu: 0, ram: 0 }, verdict: 'partial', trainContext: 0 },
    });
  expect(of(some)).toBe('In part: all 25 layers on the GPU at 16,384 tokens, the experts of 14 of 24 in RAM, which is slower.');
  expect(of(split)).toBe('In part: 12 of 25 layers on the GPU at 16,384 tokens, the others in RAM, which is slower.');
});

test('the recommendation names them, of the best one and of the one that it is better than', () => {
  const best = { id: 'm', label: 'Q4_K_M', quality: 'good', context: 16_384, needs: 0, free: null } as const;
  const of = (more: Pick<Recommendation, 'reason' | 'layers' | 'instead'>): string => recommendationSentence({ ...best, ...more });
  const other = { id: 'o', label: 'Q8_0', needs: 0, why: 'tooBig' } as const;
  expect(of({ reason: 'partialBest', layers: some })).toMatch(/Q4_K_M does best, with all layers there and the experts of 14 of 24 in RAM\.$/);
  expect(of({ reason: 'partialBest', layers: split })).toMatch(/Q4_K_M does best, with 12 of 25 layers there\.$/);
  expect(of({ reason: 'fitsBest', layers: { total: 25, onGpu: 25 }, instead: { ...other, layers: some } })).toMatch(
    /Q8_0 would have the experts of 14 of 24 layers in RAM\.$/,
  );
  expect(of({ reason: 'fitsBest', layers: { total: 25, onGpu: 25 }, instead: { ...other, layers: split } })).toMatch(
    /Q8_0 would have 12 of 25 layers there\.$/,
  );
  expect(of({ reason: 'fitsBest', layers: { total: 25, onGpu: 25 }, instead: { ...other, layers: { total: 25, onGpu: 0 } } })).toMatch(/Q8_0 does not fit\.$/);
});

test('what is missing of the disk is told as a size', () => {
  expect(faultSentence(new Fault('download.diskFull', 'Full.', { missing: 4_287_424 }))).toMatch(
    /^There is not enough room on the disk: 4\.3 MB more are needed\./,
  );
});
