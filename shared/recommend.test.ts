/** What is recommended on machines of many sizes, and the reason that is told. */
import { expect, test } from 'vitest';
import { type Candidate, recommend } from './recommend.ts';
import { defaultLoadSettings, type Estimate, type Verdict } from './schemas/memory.ts';

const mebibyte = 2 ** 20;

/** MiB of a 9B model's weights by quantization (Qwen3.5-9B, estimation.md 6), with 256 of cache and 551 of the rest at 8k. */
const weights = { BF16: 16_700, Q8_0: 8045, Q6_K: 6212, Q5_K_M: 5500, Q4_K_M: 4813, IQ4_XS: 4500, Q3_K_M: 4100, Q2_K: 3500 };
type Label = keyof typeof weights;
const total = 33;

function row(label: Label, verdict: Verdict, free: number | null, changes: Partial<Estimate> = {}): Candidate {
  const onGpu = { fits: total, tight: total, partial: 20, ram: 0, no: 0 }[verdict];
  const split = { weights: weights[label] * mebibyte, kvCache: 256 * mebibyte, state: 50 * mebibyte, compute: 501 * mebibyte, projector: 0 };
  const empty = { weights: 0, kvCache: 0, state: 0, compute: 0, projector: 0 };
  const estimate: Estimate = {
    basis: 'exact',
    engine: 'node-llama-cpp',
    settings: { ...defaultLoadSettings, contextSize: 8192 },
    layers: { total, onGpu },
    gpu: onGpu > 0 ? split : empty,
    ram: onGpu > 0 ? empty : split,
    free: { gpu: free === null ? null : free * mebibyte, ram: 16_000 * mebibyte },
    verdict,
    trainContext: 262_144,
    ...changes,
  };
  const size = weights[label] * mebibyte;
  return { quantization: { id: `m-${label}.gguf`, label, size, files: [{ path: `m-${label}.gguf`, size }] }, estimate };
}

/** All rows on a card with so many MiB free: whole on the GPU or in part. */
function onCard(free: number): Candidate[] {
  return (Object.keys(weights) as Label[]).map((label) => row(label, weights[label] + 807 + 150 <= free ? 'fits' : 'partial', free));
}

test.each([
  [5_900, 'Q4_K_M', 'Q5_K_M', 'tooBig'],
  [7_680, 'Q6_K', 'Q8_0', 'tooBig'],
  [11_776, 'Q8_0', 'BF16', 'tooBig'],
  [24_000, 'Q8_0', 'BF16', 'noGain'],
] as const)('with %i MiB free: %s, and not %s (%s)', (free, label, other, why) => {
  expect(recommend(onCard(free))).toMatchObject({
    ...{ id: `m-${label}.gguf`, label, reason: 'fitsBest', context: 8192, free: free * mebibyte, layers: { onGpu: total, total } },
    needs: (weights[label] + 807) * mebibyte,
    instead: { label: other, why, layers: { onGpu: why === 'tooBig' ? 20 : total, total } },
  });
});

test('Q8_0 gives way to Q6_K where it would leave less than half the context', () => {
  // 9,500 MiB: 904 for the cache beside Q8_0, 2,737 beside Q6_K.
  expect(recommend(onCard(9_500))).toMatchObject({ label: 'Q6_K', reason: 'fitsBest', instead: { label: 'Q8_0', why: 'halfContext' } });
});

test('of several cards the fullest counts, and is told: for what fits as for how far the cache may grow', () => {
  const card = (id: number, free: number, needs: number) => ({
    id,
    name: `Card ${id}`,
    total: 24_000 * mebibyte,
    free: free * mebibyte,
    needs: needs * mebibyte,
  });
  const on = (label: Label, verdict: Verdict, small: number) =>
    row(label, verdict, 28_000, { layers: { onGpu: total, total }, cards: [card(0, 22_000, weights[label] + 807 - small), card(2, 6_000, small)] });
  expect(recommend([on('Q8_0', 'no', 6_500), on('Q6_K', 'fits', 3_000)])).toMatchObject({
    ...{ label: 'Q6_K', reason: 'fitsBest', needs: 3_000 * mebibyte, free: 6_000 * mebibyte, card: { id: 2, name: 'Card 2' } },
    instead: { label: 'Q8_0', why: 'tooBig', needs: 6_500 * mebibyte, card: { id: 2 } },
  });
  // 19,148 MiB are free beside Q8_0, but no more on the card that it fills.
  expect(recommend([on('Q8_0', 'fits', 5_900), on('Q6_K', 'fits', 3_000)])).toMatchObject({ label: 'Q6_K', instead: { label: 'Q8_0', why: 'halfContext' } });
  expect(recommend([on('Q8_0', 'fits', 3_000), on('Q6_K', 'fits', 3_000)])).toMatchObject({ label: 'Q8_0' });
});

test('room to spare before quality; without any that has room, the best that just fits', () => {
  expect(recommend([row('Q6_K', 'tight', 7000), row('Q5_K_M', 'fits', 7000)])).toMatchObject({ label: 'Q5_K_M', instead: { label: 'Q6_K', why: 'tooBig' } });
  expect(recommend([row('Q6_K', 'tight', null), row('Q5_K_M', 'tight', null)])).toMatchObject({ label: 'Q6_K', reason: 'tightBest', free: null });
});

test('a good one that just fits before a fair one with room to spare', () => {
  expect(recommend([row('Q4_K_M', 'tight', 5700), row('Q3_K_M', 'fits', 5700)])).toMatchObject({ label: 'Q4_K_M', reason: 'tightBest' });
});

test('nothing fits wholly: the good one with most of its layers on the GPU', () => {
  const partial = (label: Label, onGpu: number) => row(label, 'partial', 4000, { layers: { onGpu, total } });
  expect(recommend([partial('Q8_0', 10), partial('Q4_K_M', 22), partial('IQ4_XS', 24), partial('Q3_K_M', 28)])).toMatchObject({
    ...{ label: 'IQ4_XS', reason: 'partialBest', layers: { onGpu: 24, total } },
  });
  expect(recommend([partial('Q3_K_M', 20), partial('Q2_K', 24)])).toMatchObject({ label: 'Q2_K', reason: 'partialBest' });
});

test('a poor one that fits gives way to a good one that is mostly on the GPU, not to one that is half in RAM', () => {
  const small = row('Q2_K', 'fits', 4500);
  const mostly = row('Q4_K_M', 'partial', 4500, { layers: { onGpu: 26, total } });
  const half = row('Q4_K_M', 'partial', 4500, { layers: { onGpu: 16, total } });
  expect(recommend([mostly, small])).toMatchObject({ label: 'Q4_K_M', reason: 'partialBest' });
  expect(recommend([half, small])).toMatchObject({ label: 'Q2_K', reason: 'fitsBest' });
  expect(recommend([mostly, row('Q3_K_M', 'fits', 5000)])).toMatchObject({ label: 'Q3_K_M', reason: 'fitsBest' });
});

const speed = (low: number, high: number) => ({ speed: { low, high, measured: false } });

test('without a GPU: as fast as people read, where the speed is known', () => {
  const rows = [
    row('BF16', 'ram', 0, speed(1, 2)),
    row('Q8_0', 'ram', 0, speed(3, 4)),
    row('Q6_K', 'ram', 0, speed(5, 8)),
    row('Q4_K_M', 'ram', 0, speed(8, 10)),
  ];
  expect(recommend(rows)).toMatchObject({
    ...{ label: 'Q6_K', reason: 'ramBest', needs: (weights.Q6_K + 807) * mebibyte, free: 16_000 * mebibyte },
    instead: { label: 'Q8_0', why: 'slow' },
  });
  const tiny = [row('BF16', 'ram', 0, speed(20, 30)), row('Q8_0', 'ram', 0, speed(40, 50))];
  expect(recommend(tiny)).toMatchObject({ label: 'Q8_0', instead: { label: 'BF16', why: 'noGain' } });
});

test('without a GPU and without a known speed: Q4_K_M, not F16', () => {
  const rows = (['BF16', 'Q8_0', 'Q6_K', 'Q4_K_M', 'IQ4_XS', 'Q2_K'] as const).map((label) => row(label, 'ram', 0));
  expect(recommend(rows)).toMatchObject({ label: 'Q4_K_M', reason: 'ramBest', instead: { label: 'Q6_K', why: 'slow' } });
  expect(recommend([row('BF16', 'ram', 0), row('Q8_0', 'ram', 0)])).toMatchObject({ label: 'Q8_0' });
  expect(recommend([row('Q3_K_M', 'ram', 0), row('Q2_K', 'ram', 0)])).toMatchObject({ label: 'Q3_K_M' });
});

test('nothing fits at all: the smallest, said so', () => {
  expect(recommend([row('Q4_K_M', 'no', 1000), row('Q2_K', 'no', 1000)])).toMatchObject({ label: 'Q2_K', reason: 'smallest', free: 16_000 * mebibyte });
});

test('what this llama.cpp cannot run is never recommended', () => {
  const ik = row('Q8_0', 'fits', 24_000);
  const only = { ...ik, quantization: { ...ik.quantization, unsupported: 'ik' as const } };
  expect(recommend([only])).toBeUndefined();
  expect(recommend([only, row('Q2_K', 'fits', 24_000)])).toMatchObject({ label: 'Q2_K' });
  expect(recommend([])).toBeUndefined();
});

test('Q4_0 that the model was trained for before Q4_K_M', () => {
  const qat = row('Q4_K_M', 'fits', 8000);
  const path = 'gemma-qat-Q4_0.gguf';
  const trained = { ...qat, quantization: { ...qat.quantization, id: path, label: 'Q4_0', files: [{ path, size: 1 }] } };
  expect(recommend([qat, trained])).toMatchObject({ id: path, quality: 'veryGood' });
});

test('a mixture of experts: of the good ones that with the fewest experts in RAM, and no poor one that fits gives way to many', () => {
  const experts = (label: Label, expertsInRam: number) => row(label, 'partial', 4000, { layers: { total, onGpu: total, expertsInRam } });
  const rows = [experts('Q8_0', 28), experts('Q4_K_M', 9), experts('Q3_K_M', 6)];
  expect(recommend(rows)).toMatchObject({ label: 'Q4_K_M', reason: 'partialBest', layers: { total, onGpu: total, expertsInRam: 9 } });
  expect(recommend([...rows, row('Q2_K', 'fits', 4000)])).toMatchObject({
    label: 'Q2_K',
    instead: { label: 'Q3_K_M', why: 'tooBig', layers: { expertsInRam: 6 } },
  });
  expect(recommend([experts('Q4_K_M', 8), row('Q2_K', 'fits', 4000)])).toMatchObject({ label: 'Q4_K_M' });
});
