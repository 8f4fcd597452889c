/** Loads that fail for real and come back with less: on a graphics card that is too small, and under a limit of the system. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { EngineState } from '../../shared/schemas/engine.ts';
import { defaultFolders } from '../folders.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import { cardEnvironment, missing } from '../memory/testing/softwareGpu.ts';
import type { EngineProcess } from '../platform.ts';
import { forkEngine } from './fork.ts';
import type { LoadOrder } from './order.ts';
import { builtServer } from './serverBuild.ts';
import { createEngine, type Engine } from './supervisor.ts';
import { ask, fixture, plan, quant } from './testModel.ts';

const noGpu = missing();
if (noGpu) console.log(`Skipped: ${noGpu}`);
const server = noGpu ? undefined : builtServer({ cacheFolder: defaultFolders().cache, compute: 'vulkan' });
if (!noGpu && !server) console.log('Skipped: llama-server is not built here for Vulkan');
const entry = path.join(import.meta.dirname, 'host.ts');
const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-descent-'));
const facts = { architecture: 'qwen35', blockCount: 4, embeddingLength: 256 } as ModelFacts;

let engine: Engine | undefined;
let started: EngineProcess[] = [];
let estimating = new Set<EngineProcess>();

function create(env: Record<string, string>): Engine {
  started = [];
  estimating = new Set();
  engine = createEngine({
    platform: {
      folders: { data: '', cache: defaultFolders().cache, models: os.tmpdir() },
      startEngine(added) {
        const process = forkEngine({ entry, env: { ATELIER_THREADS: '1', ...env, ...added } });
        started.push(process);
        if (added?.MALLOC_TRIM_THRESHOLD_) estimating.add(process);
        return process;
      },
    },
    log: { info() {}, warn() {}, error() {} },
  });
  return engine;
}

const order = (changes: Partial<LoadOrder['plan']> = {}, rest: Partial<LoadOrder> = {}): LoadOrder => {
  const asked = plan({ vision: false, gpuLayers: 5, ...changes });
  const { batchSize: _, ...settings } = asked;
  return { modelId: 'tiny', files: [quant.q4], facts, settings, plan: asked, ...rest };
};

async function settled(): Promise<EngineState> {
  for await (const state of engine!.watch(AbortSignal.timeout(60_000))) if (state.status === 'ready' || state.status === 'failed') return state;
  throw new Error('never settled');
}

/** Of `processes`, the last one that was started to load; the one that tells about the hardware keeps its memory in an environment of its own. */
const loading = (processes: EngineProcess[]): EngineProcess | undefined => processes.findLast((process) => !estimating.has(process));

async function answer(): Promise<string> {
  let text = '';
  await engine!.generate('tiny', ask('Hi!'), (event) => {
    if (event.type === 'text') text += event.text;
  });
  return text;
}

afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  await engine?.close();
  await Promise.all(started.map(({ exited }) => exited));
});

test.skipIf(noGpu)(
  'a card too small for the cache and the batch: both shrink, each in a new process, and the model answers',
  { timeout: 120_000 },
  async () => {
    create(cardEnvironment(folder, 6));
    let worked: unknown;
    engine!.load(order({ contextSize: 16384 }, { onLoaded: (plan) => (worked = plan) }));
    const state = await settled();
    expect(state).toMatchObject({ status: 'ready', model: { layers: { onGpu: 5 } } });
    if (state.status !== 'ready') return;
    expect(state.steps?.map(({ change, why }) => `${change} ${why}`)).toEqual(['cache gpu', 'batch gpu']);
    expect(worked).toMatchObject({ batchSize: 128, kvType: 'q8_0', contextSize: 16384 });
    // Three tries, and perhaps the process that tells about the hardware.
    expect(started.length).toBeGreaterThanOrEqual(3);
    expect(await answer()).toBe('Hello! How can I help you today?');
  },
);

test.skipIf(noGpu)('a card too small for the weights: the model ends on the processor', { timeout: 120_000 }, async () => {
  create(cardEnvironment(folder, 1));
  engine!.load(order());
  const state = await settled();
  expect(state).toMatchObject({ status: 'ready', model: { layers: { onGpu: 0 } } });
  const changes = state.status === 'ready' ? state.steps?.map(({ change }) => change) : undefined;
  expect(changes?.[0]).toBe('layers');
  expect(changes?.at(-1)).toBe('backend');
  expect(await answer()).toBe('Hello! How can I help you today?');
});

test.skipIf(noGpu || !server)('a card too small for what guesses: the model is loaded without, as it was asked otherwise', { timeout: 120_000 }, async () => {
  create(cardEnvironment(folder, 5));
  const speculation = { type: 'draft', model: 'library id' } as const;
  let worked: unknown;
  const asked = order(
    { batchSize: 128, speculation },
    { engine: 'llama-server', draft: fixture('tiny-qwen3.5-vl-F16.gguf'), onLoaded: (plan) => (worked = plan) },
  );
  engine!.load(asked);
  const state = await settled();
  expect(state).toMatchObject({
    status: 'ready',
    model: { backend: 'llama-server', layers: { onGpu: 5 } },
    steps: [{ change: 'speculation', from: 'draft', to: 'none', why: 'gpu' }],
  });
  const { speculation: _, ...rest } = asked.plan;
  expect(worked).toEqual(rest);
  expect(await answer()).toBe('Hello! How can I help you today?');
});

test('a broken file is no matter of memory: one try', async () => {
  create({ ATELIER_GPU: 'cpu' });
  engine!.load(order({ gpuLayers: 0 }, { files: [fixture('README.md')] }));
  expect(await settled()).toMatchObject({ status: 'failed', error: { code: 'gguf.notGguf' }, lastLines: expect.any(Array) });
  expect(started).toHaveLength(1);
});

test('three crashes in a short time: nothing more is tried, and that is said', async () => {
  create({ ATELIER_GPU: 'cpu' });
  engine!.load(order({ gpuLayers: 0, contextSize: 32768 }));
  const killed = new Set<EngineProcess>();
  while (killed.size < 3) {
    const newest = loading(started);
    if (newest && !killed.has(newest)) newest.kill();
    if (newest) killed.add(newest);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const state = await settled();
  expect(state).toMatchObject({ status: 'failed', error: { code: 'engine.keepsCrashing', data: { exit: 'SIGKILL' } } });
  expect(state.status === 'failed' && state.steps?.map(({ change, why }) => `${change} ${why}`)).toEqual(['batch ram', 'cache ram']);
  engine!.load(order({ gpuLayers: 0 }));
  expect(await settled()).toMatchObject({ status: 'ready' });
});
