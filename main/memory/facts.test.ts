/** Facts and closed form against what llama.cpp really allocated for models of true shape (allocations.csv). */
import { expect, test } from 'vitest';
import { cacheBytes, memoryByFormula } from '../../shared/memoryFormula.ts';
import { splitTotal } from '../../shared/schemas/memory.ts';
import { memoryFacts } from './facts.ts';
import { allocations, header } from './testing/allocations.ts';

const mebibyte = 2 ** 20;

test('the closed form stays within 3 % of every measured allocation', () => {
  const errors = allocations.map((row) => {
    const split = memoryByFormula(memoryFacts(header(row.model), row.model), { ...row, gpu: true, gpuLayers: 1000, batchSize: 512 });
    return {
      row: `${row.model} ${row.contextSize} ${row.kvType} ${row.flashAttention ? 'FA' : ''}`,
      vram: splitTotal(split.gpu) / row.vramBytes - 1,
      ram: splitTotal(split.ram) / (row.hostMib * mebibyte) - 1,
    };
  });
  const worst = (key: 'vram' | 'ram') => errors.reduce((a, b) => (Math.abs(b[key]) > Math.abs(a[key]) ? b : a));
  console.log(
    `closed form: ${errors.length} rows, worst VRAM ${(worst('vram').vram * 100).toFixed(2)} % (${worst('vram').row}), worst RAM ${(worst('ram').ram * 100).toFixed(2)} % (${worst('ram').row})`,
  );
  expect(errors.length).toBeGreaterThan(40);
  for (const error of errors) expect(Math.abs(error.vram), error.row).toBeLessThan(0.03);
});

test('weights, KV cache and state are the measured ones to the last printed digit', () => {
  for (const row of allocations) {
    const facts = memoryFacts(header(row.model), row.model);
    const settings = { ...row, gpu: true, gpuLayers: 1000, batchSize: 512 };
    const cache = cacheBytes(facts, settings);
    expect(cache.gpu.kvCache / mebibyte, `${row.model} ${row.contextSize}`).toBeCloseTo(row.kvMib, 2);
    expect(cache.gpu.state / mebibyte).toBeCloseTo(row.stateMib, 2);
    expect(memoryByFormula(facts, settings).gpu.weights / mebibyte, row.model).toBeCloseTo(row.weightsMib, 1);
    expect(cache.ram).toEqual({ kvCache: 0, state: 0 });
  }
});
