/** Loads that were seen, and the margins that follow from them. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { EngineState } from '../../shared/schemas/engine.ts';
import type { Card, Hardware } from '../../shared/schemas/hardware.ts';
import { defaultLoadSettings, type LoadSettings, type MemorySplit } from '../../shared/schemas/memory.ts';
import { createWatched } from '../watched.ts';
import { calibrateLoads, createCalibration, type Sample } from './calibrate.ts';
import { roomOf } from './verdict.ts';

const [mebibyte, gibibyte] = [2 ** 20, 2 ** 30];
const split = (weights: number): MemorySplit => ({ weights, kvCache: 0, state: 0, compute: 0, projector: 0 });
const hardware = (gpu: number | null, ram: number): Hardware => ({
  backend: 'cuda',
  gpus: ['card'],
  vram: { total: 24 * gibibyte, free: gpu, unified: false },
  ram: { total: 64 * gibibyte, free: ram },
  cpu: { name: 'cpu', threads: 8 },
  disk: { total: 0, free: 0 },
  llamaCpp: 'v0.5.0',
});
const machine = hardware(20 * gibibyte, 32 * gibibyte);
const actual = { gpu: split(5 * gibibyte), ram: split(gibibyte) };

/** A load that took `gpu` MiB of video memory and `ram` MiB more than its buffers. */
const load = (gpu: number | null, ram: number, changes: Partial<Sample> = {}): Sample => ({
  release: 'v0.5.0',
  backend: 'cuda',
  gpu: 'card',
  modelId: 'a',
  settings: defaultLoadSettings,
  predicted: actual,
  actual,
  free: {
    before: { gpu: gpu === null ? null : 20 * gibibyte, ram: 32 * gibibyte },
    after: { gpu: gpu === null ? null : 15 * gibibyte - gpu * mebibyte, ram: 31 * gibibyte - ram * mebibyte },
  },
  ...changes,
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-calibration-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('three loads make a margin: the most that came on top, and 64 MiB', () => {
  const calibration = createCalibration({ folder });
  for (const gpu of [120, 100]) calibration.record(load(gpu, 200));
  expect(calibration.overhead(machine)).toEqual({ gpu: undefined, ram: undefined });
  expect(roomOf(machine, undefined, calibration.overhead(machine))).toMatchObject({ gpuMargin: 350 * mebibyte, ramMargin: 300 * mebibyte });
  calibration.record(load(140, 500));
  const { gpu, ram } = createCalibration({ folder }).overhead(machine);
  expect(gpu).toEqual({ samples: 3, median: 120 * mebibyte, p95: 140 * mebibyte });
  expect(ram).toEqual({ samples: 3, median: 200 * mebibyte, p95: 500 * mebibyte });
  expect(roomOf(machine, undefined, { gpu, ram })).toMatchObject({ gpuMargin: 204 * mebibyte, ramMargin: 564 * mebibyte });
});

test('of another driver, card or llama.cpp nothing is known; the last twenty count', () => {
  const calibration = createCalibration({ folder });
  for (let count = 0; count < 3; count++) calibration.record(load(900, 900));
  for (let count = 0; count < 20; count++) calibration.record(load(100, 100));
  calibration.record(load(700, 700, { gpu: 'other' }));
  expect(calibration.overhead(machine).gpu).toEqual({ samples: 20, median: 100 * mebibyte, p95: 100 * mebibyte });
  for (const other of [{ llamaCpp: 'v0.6.0' }, { gpus: ['other'] }, { backend: 'vulkan' as const }])
    expect(calibration.overhead({ ...machine, ...other }).gpu).toBeUndefined();
});

test('loads say nothing where the driver does not tell, where nothing was loaded, and where others gave memory back', () => {
  const calibration = createCalibration({ folder });
  for (let count = 0; count < 3; count++) calibration.record(load(null, 10));
  for (let count = 0; count < 3; count++) calibration.record(load(0, 10, { actual: { ...actual, gpu: split(0) } }));
  for (let count = 0; count < 3; count++) calibration.record(load(-1000, 10));
  expect(calibration.overhead(machine)).toMatchObject({ gpu: undefined, ram: { samples: 9, p95: 10 * mebibyte } });
});

const ready = (modelId: string, answering = false, cards: LoadSettings['cards'] = undefined): EngineState => ({
  status: 'ready',
  modelId,
  asked: defaultLoadSettings,
  model: {
    backend: 'node-llama-cpp',
    settings: { ...defaultLoadSettings, ...(cards && { cards }) },
    contextSize: 8192,
    layers: { total: 33, onGpu: 33 },
    vision: false,
    thinking: false,
    memory: actual,
  },
  predicted: actual,
  answering,
});
const loading = (modelId: string): EngineState => ({ status: 'loading', modelId, asked: defaultLoadSettings, stage: 'loading', progress: 0 });

/** Runs an engine through `states`, and gives what was recorded; free memory is read in the order of `free`. */
async function watched(states: (EngineState | 'recorded')[], free: Hardware[], cards?: Card[]): Promise<Sample[]> {
  const state = createWatched<EngineState>({ status: 'idle' });
  const abort = new AbortController();
  const record = vi.fn<(sample: Sample) => void>();
  const reads = [...free];
  const engine = { watch: (signal: AbortSignal) => state.watch(signal), hardware: async () => reads.shift() ?? machine, cards: async () => cards ?? [] };
  const watching = calibrateLoads({ engine, calibration: { record }, folders: { models: '/models' }, signal: abort.signal, settleMs: 5 });
  for (const next of states) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (next === 'recorded') await expect.poll(() => record).toHaveBeenCalled();
    else state.set(next);
  }
  await new Promise((resolve) => setTimeout(resolve, 60));
  abort.abort();
  await watching;
  return record.mock.calls.map(([sample]) => sample);
}
const after = (gpu: number): Hardware => hardware(15 * gibibyte - gpu * mebibyte, 31 * gibibyte - 200 * mebibyte);

test('a load from idle is recorded once, with what was free before and after', async () => {
  expect(await watched([loading('a'), ready('a'), 'recorded', ready('a', true), ready('a')], [machine, after(120), after(120)])).toEqual([load(120, 200)]);
});

test('a load in the place of another, one that fails and one beside other work are not', async () => {
  expect(await watched([loading('a'), ready('a'), loading('b'), ready('b')], [machine, after(120), after(120)])).toHaveLength(0);
  expect(await watched([loading('a'), { status: 'idle' }], [machine])).toEqual([]);
  expect(await watched([loading('a'), ready('a')], [machine, after(120), after(220)])).toEqual([]);
  expect(await watched([loading('a'), ready('a'), ready('a', true)], [machine, after(120), after(120)])).toHaveLength(0);
  const going = { ejected: [{ modelId: 'b', forRoom: true }] };
  expect(await watched([{ ...loading('a'), ...going }, ready('a')], [machine, after(120), after(120)])).toHaveLength(0);
});

test('a load on some of the cards counts for those, by the names that a process has for them that sees no other', async () => {
  const there = ['A', 'B', 'C'].map((name, id) => ({ id, name, total: 0, free: 0 }));
  const on = ready('a', false, [{ id: 2 }, { id: 0 }]);
  const [sample] = await watched([loading('a'), on, 'recorded'], [machine, after(120), after(120)], there);
  expect(sample?.gpu).toBe('A, C');
  const calibration = createCalibration({ folder });
  for (let count = 0; count < 3; count++) calibration.record(sample!);
  expect(calibration.overhead({ ...machine, gpus: ['A', 'C'] }).gpu?.samples).toBe(3);
  expect(calibration.overhead(machine).gpu).toBeUndefined();
});
