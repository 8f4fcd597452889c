/** Tokens per second: predicted from what was measured of the machine, then from the model's own answers, over restarts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { EstimateAnswer } from '../../shared/contract/control.ts';
import type { Bandwidth } from '../../shared/schemas/hardware.ts';
import { defaultLoadSettings, type LoadSettings, type MemorySplit } from '../../shared/schemas/memory.ts';
import { type Asked, createSpeed } from './speed.ts';

const none: MemorySplit = { weights: 0, kvCache: 0, state: 0, compute: 0, projector: 0 };
const giga = 1e9;
/** 4 GB of weights, all used, and a KV cache of 1 GB. */
const answer: EstimateAnswer = {
  basis: 'exact',
  engine: 'node-llama-cpp',
  gpu: none,
  ram: { ...none, weights: 4.5 * giga, kvCache: giga, state: 0.1 * giga },
  layers: { total: 41, onGpu: 0 },
  placed: [],
  trainContext: 8192,
  active: { gpu: 0, ram: 4 * giga },
};
const bandwidth: Bandwidth = {
  rates: [
    { bits: 4.5, slowest: 10 * giga, fastest: 20 * giga },
    { bits: 8.5, slowest: 30 * giga, fastest: 40 * giga },
  ],
  layerMs: { least: 0.1, most: 0.5 },
};
const machine: Asked['machine'] = { backend: 'cpu', gpus: [], cpu: { name: 'cpu', threads: 8 }, llamaCpp: 'v0.5.0' };
const settings: LoadSettings = { ...defaultLoadSettings, gpuLayers: 0 };
const asked: Asked = { modelId: 'a/b/q4.gguf', settings, answer, bits: 4.5, machine };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-speed-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('nothing is said before the machine was measured; then a range from its rates', async () => {
  const measure = vi.fn(async () => bandwidth);
  const speed = createSpeed({ folder, measure });
  expect(speed.of(asked)).toBeUndefined();
  await speed.probe(asked);
  await speed.probe(asked);
  expect(measure.mock.calls).toEqual([[false, undefined]]);
  // Fastest: 4 GB and twice the state at 20 GB/s, and 41 layers of 0.1 ms. Slowest: the full cache too, at 10 GB/s, and 0.5 ms.
  const { low, high, measured } = speed.of(asked)!;
  expect(measured).toBe(false);
  expect(high).toBeCloseTo(1 / (4.2 / 20 + 0.0041), 6);
  expect(low).toBeCloseTo(1 / (5.2 / 10 + 0.0205), 6);
  // It is kept: another start measures nothing.
  expect(createSpeed({ folder, measure }).of(asked)).toEqual({ low, high, measured: false });
});

test('between the measured bits both rates count, above them the upper one', async () => {
  const speed = createSpeed({ folder, measure: async () => bandwidth });
  await speed.probe(asked);
  expect(speed.of({ ...asked, bits: 6.6 })!.high).toBeCloseTo(1 / (4.2 / 40 + 0.0041), 6);
  expect(speed.of({ ...asked, bits: 6.6 })!.low).toBeCloseTo(1 / (5.2 / 10 + 0.0205), 6);
  expect(speed.of({ ...asked, bits: 16 })!.low).toBeCloseTo(1 / (5.2 / 30 + 0.0205), 6);
});

test('a layer whose experts are in RAM is gone through on both sides, and its answers say nothing of other plans', async () => {
  const spread: EstimateAnswer = {
    ...answer,
    gpu: { ...none, weights: 3 * giga, kvCache: giga },
    ram: { ...none, weights: giga },
    layers: { total: 41, onGpu: 41, expertsInRam: 20 },
    active: { gpu: 3 * giga, ram: giga },
  };
  const speed = createSpeed({ folder, measure: async () => bandwidth });
  await speed.probe({ ...asked, answer: spread });
  expect(speed.of({ ...asked, answer: spread })!.high).toBeCloseTo(1 / (4 / 20 + 0.0041 + 0.002), 6);
  speed.record(asked.modelId, { ...settings, gpuLayers: 41 }, 7);
  expect(speed.of({ ...asked, answer: spread })).toEqual({ low: 7, high: 7, measured: true });
  const fewer = { ...spread, layers: { ...spread.layers, expertsInRam: 10 } };
  expect(speed.of({ ...asked, answer: fewer })).toMatchObject({ measured: false });
});

test('a model on both sides needs both rates, each for its bytes and layers', async () => {
  const both: EstimateAnswer = {
    ...answer,
    gpu: { ...none, weights: 3 * giga, kvCache: giga },
    ram: { ...none, weights: giga },
    layers: { total: 41, onGpu: 31 },
    active: { gpu: 3 * giga, ram: giga },
  };
  const fast: Bandwidth = { rates: [{ bits: 4.5, slowest: 300 * giga, fastest: 300 * giga }], layerMs: { least: 0, most: 0 } };
  const measure = vi.fn(async (onGpu: boolean) => (onGpu ? fast : bandwidth));
  const speed = createSpeed({ folder, measure });
  await speed.probe({ ...asked, answer: both });
  expect(measure.mock.calls.map(([onGpu]) => onGpu)).toEqual([true, false]);
  expect(speed.of({ ...asked, answer: both })!.high).toBeCloseTo(1 / (3 / 300 + 1 / 20 + 0.001), 6);
  expect(speed.of({ ...asked, answer: both })!.low).toBeCloseTo(1 / (4 / 300 + 1 / 10 + 0.005), 6);
});

test('answers correct it: the same settings show what was measured, others what follows from it, other models nothing', async () => {
  const speed = createSpeed({ folder, measure: async () => bandwidth });
  await speed.probe(asked);
  speed.of(asked);
  for (const tokensPerSecond of [11, 12, 13]) speed.record(asked.modelId, settings, tokensPerSecond);
  expect(speed.of(asked)).toEqual({ low: 11, high: 13, measured: true });
  const longer: Asked = { ...asked, settings: { ...settings, contextSize: 32768 }, answer: { ...answer, ram: { ...answer.ram, kvCache: 2 * giga } } };
  expect(speed.of(longer)!.high).toBeCloseTo((13 * 5.2) / 6.2, 6);
  expect(speed.of(longer)!.measured).toBe(true);
  expect(speed.of({ ...asked, modelId: 'a/b/q8.gguf' })!.measured).toBe(false);
  expect(speed.of({ ...asked, machine: { ...machine, llamaCpp: 'v0.6.0' } })).toBeUndefined();
  expect(createSpeed({ folder, measure: async () => bandwidth }).of(asked)).toEqual({ low: 11, high: 13, measured: true });
  // The last five count.
  speed.of(asked);
  for (let count = 0; count < 5; count++) speed.record(asked.modelId, settings, 20);
  expect(speed.of(asked)).toEqual({ low: 20, high: 20, measured: true });
});

test('answers of settings that nobody asked about, and of no time at all, count for nothing', async () => {
  const speed = createSpeed({ folder, measure: async () => bandwidth });
  speed.record(asked.modelId, settings, 11);
  expect(speed.of(asked)).toBeUndefined();
  speed.record(asked.modelId, { ...settings, contextSize: 512 }, 11);
  for (const nothing of [0, Number.NaN, -1]) speed.record(asked.modelId, settings, nothing);
  expect(speed.of(asked)).toBeUndefined();
  speed.record(asked.modelId, { ...settings, gpuLayers: 'auto' }, 11);
  expect(speed.of(asked)).toEqual({ low: 11, high: 11, measured: true });
});

test('what was measured beside other work is not kept, and measured again', async () => {
  let quiet = true;
  const measure = vi.fn(async () => {
    quiet = false;
    return bandwidth;
  });
  const speed = createSpeed({ folder, measure, quiet: () => quiet });
  await speed.probe(asked);
  expect(speed.of(asked)).toBeUndefined();
  await speed.probe(asked);
  expect(measure).toHaveBeenCalledOnce();
  quiet = true;
  await speed.probe(asked);
  expect(measure).toHaveBeenCalledTimes(2);
});

test('a machine that cannot be measured is asked once; a broken file is begun anew', async () => {
  writeFileSync(path.join(folder, 'speed.json'), '{"probes":[{"where":1}]}');
  const measure = vi.fn(() => Promise.reject(new Error('no memory')));
  const speed = createSpeed({ folder, measure });
  await speed.probe(asked);
  await speed.probe(asked);
  expect(measure).toHaveBeenCalledOnce();
  expect(speed.of(asked)).toBeUndefined();
  expect(speed.of({ ...asked, answer: { ...answer, active: undefined } as never })).toBeUndefined();
});

test('answers count for the shares that they were given with, and a measurement is made on the cards that are meant', async () => {
  const measure = vi.fn(async () => bandwidth);
  const speed = createSpeed({ folder, measure });
  const sharing = (...shares: number[]): LoadSettings => ({ ...settings, cards: shares.map((share, id) => ({ id, share })) });
  await speed.probe({ ...asked, settings: sharing(1, 9) });
  expect(measure.mock.calls).toEqual([[false, sharing(1, 9).cards]]);
  const of = (...shares: number[]) => speed.of({ ...asked, settings: sharing(...shares) });
  of(1, 9);
  of(9, 1);
  speed.record(asked.modelId, sharing(1, 9), 5);
  expect(of(1, 9)).toMatchObject({ measured: true });
  expect(of(9, 1)).toMatchObject({ measured: false });
  expect(speed.of(asked)).toMatchObject({ measured: false });
});

test('answers of another way to compute count for themselves; what was not measured of it is not said', async () => {
  const speed = createSpeed({ folder, measure: async () => bandwidth });
  await speed.probe(asked);
  const way = (changes: Partial<LoadSettings>): Asked => ({ ...asked, settings: { ...settings, ...changes } });
  const [one, guessing, four, chosen] = [
    way({ threads: 1 }),
    way({ speculation: { type: 'mtp' } }),
    way({ slots: 4 }),
    way({ engine: 'node-llama-cpp' }),
  ] as const;
  expect(speed.of(one)).toBeUndefined();
  expect(speed.of(guessing)).toBeUndefined();
  expect(speed.of(four)).toMatchObject({ measured: false });
  expect(speed.of(chosen)).toMatchObject({ measured: false });
  speed.of(asked);
  speed.record(asked.modelId, one.settings, 5);
  speed.record(asked.modelId, guessing.settings, 30);
  expect(speed.of(one)).toEqual({ low: 5, high: 5, measured: true });
  expect(speed.of(guessing)).toEqual({ low: 30, high: 30, measured: true });
  for (const other of [asked, four, chosen]) expect(speed.of(other)).toMatchObject({ measured: false });
  speed.record(asked.modelId, four.settings, 9);
  expect(speed.of(four)).toEqual({ low: 9, high: 9, measured: true });
  expect(speed.of(asked)).toMatchObject({ measured: false });
});
