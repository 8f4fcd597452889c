/** Where the closed form puts layers and caches; main/memory/facts.test.ts holds it against measured allocations. */
import { expect, test } from 'vitest';
import {
  activeBytes,
  cacheBytes,
  type FormulaSettings,
  type LayerFacts,
  type MemoryFacts,
  memoryByFormula,
  movedExperts,
  sparedBytes,
} from './memoryFormula.ts';

const attention: LayerFacts = { weights: 1000, active: 400, keyRow: 1024, valueRow: 1024, window: 0, state: 0 };
const facts: MemoryFacts = {
  layers: [attention, attention, attention, attention],
  inputWeights: 70,
  outputWeights: 90,
  vocabulary: 32000,
  embedding: 512,
  heads: 8,
  trainContext: 8192,
};
const settings: FormulaSettings = { gpu: true, contextSize: 4096, kvType: 'f16', flashAttention: true, gpuLayers: 5, batchSize: 512 };
const weights = (gpuLayers: number) => {
  const { gpu, ram } = memoryByFormula(facts, { ...settings, gpuLayers });
  return [gpu.weights, ram.weights];
};

test('layers go to the GPU from the back, the output layer first, the embeddings never', () => {
  expect(weights(0)).toEqual([0, 4160]);
  expect(weights(1)).toEqual([90, 4070]);
  expect(weights(3)).toEqual([2090, 2070]);
  expect(weights(5)).toEqual([4090, 70]);
  expect(weights(99)).toEqual([4090, 70]);
});

test('the cache lies with its layer, in whole steps of 256 tokens', () => {
  const row = 2 * (1024 + 1024);
  expect(cacheBytes(facts, { ...settings, contextSize: 4000, gpuLayers: 3 })).toEqual({
    gpu: { kvCache: 2 * 4096 * row, state: 0 },
    ram: { kvCache: 2 * 4096 * row, state: 0 },
  });
  expect(cacheBytes(facts, { ...settings, kvType: 'q8_0' }).gpu.kvCache).toBe((4 * 4096 * row * 17) / 32);
  expect(cacheBytes(facts, { ...settings, kvType: 'q4_0' }).gpu.kvCache).toBe((4 * 4096 * row * 9) / 32);
});

test('a window keeps no more than it looks back on, and a batch; a state keeps its own size', () => {
  const mixed = { ...facts, layers: [{ ...attention, window: 1024 }, attention, { ...attention, keyRow: 0, valueRow: 0, state: 5000 }] };
  const row = 2 * (1024 + 1024);
  // 1024 + 512 + 1 tokens are seven steps of 256.
  expect(cacheBytes(mixed, settings).gpu).toEqual({ kvCache: (1792 + 4096) * row, state: 5000 });
  expect(cacheBytes(mixed, { ...settings, contextSize: 512 }).gpu).toEqual({ kvCache: 2 * 512 * row, state: 5000 });
});

test('without flash attention values are as wide as the widest, and scores are written out', () => {
  const uneven = { ...facts, layers: [attention, { ...attention, valueRow: 512 }] };
  const [on, off] = [memoryByFormula(uneven, settings).gpu, memoryByFormula(uneven, { ...settings, flashAttention: false }).gpu];
  expect(off.kvCache - on.kvCache).toBe(4096 * 512 * 2);
  expect(off.compute).toBeGreaterThan(on.compute);
});

test('a machine without a GPU has everything in RAM', () => {
  const { gpu, ram } = memoryByFormula(facts, { ...settings, gpu: false, gpuLayers: 0 });
  expect(gpu).toEqual({ weights: 0, kvCache: 0, state: 0, compute: 0, projector: 0 });
  expect(ram.compute).toBeGreaterThan(4 * 512 * 32000);
});

test('a token is computed with the active weights of every layer and with the output matrix, where they lie', () => {
  expect(activeBytes(facts, { gpuLayers: 0 })).toEqual({ gpu: 0, ram: 1690 });
  expect(activeBytes(facts, { gpuLayers: 3 })).toEqual({ gpu: 890, ram: 800 });
  expect(activeBytes(facts, { gpuLayers: 5 })).toEqual({ gpu: 1690, ram: 0 });
});

/** Of 1000 bytes 800 are experts, of which a quarter is used; the second layer has none, the third larger ones. */
const experts = { weights: 800, active: 200, largestTensor: 300 };
const mixture: MemoryFacts = {
  ...facts,
  layers: [{ ...attention, experts }, attention, { ...attention, experts: { ...experts, largestTensor: 350 } }, { ...attention, experts }],
};

test('experts of the first layers go to RAM, and the GPU takes a copy of the largest of their tensors', () => {
  expect(movedExperts(mixture, { gpuLayers: 5 })).toEqual({ weights: 0, copy: 0 });
  expect(movedExperts(mixture, { gpuLayers: 5, expertsInRam: 1 })).toEqual({ weights: 800, copy: 300 });
  expect(movedExperts(mixture, { gpuLayers: 5, expertsInRam: 3 })).toEqual({ weights: 1600, copy: 350 });
  // The first two layers lie in RAM anyway, and so do the copies of them.
  expect(movedExperts(mixture, { gpuLayers: 3, expertsInRam: 3 })).toEqual({ weights: 800, copy: 0 });
  expect(sparedBytes(mixture, { gpuLayers: 5 })).toEqual([0, 500, 500, 1250, 2050]);
  expect(sparedBytes(facts, { gpuLayers: 5 })).toBeUndefined();
});

test('of experts in RAM a token reads those that are used there, all the rest on the GPU', () => {
  expect(activeBytes(mixture, { gpuLayers: 5, expertsInRam: 3 })).toEqual({ gpu: 4 * 400 + 90 - 2 * 200, ram: 2 * 200 });
  expect(activeBytes(mixture, { gpuLayers: 3, expertsInRam: 3 })).toEqual({ gpu: 2 * 400 + 90 - 200, ram: 2 * 400 + 200 });
});
