/** Loads that fail for real and come back with less: on a graphics card that is too small, and under a limit of the system. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { cardEnvironment } from '../memory/testing/softwareGpu.ts';
import type { EngineProcess } from '../platform.ts';
import { createTestEngine, softwareCards, type TestEngine, tinyOrder } from './testEngine.ts';
import { fixture } from './testModel.ts';

const { noGpu, server } = softwareCards();
const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-descent-'));

let running: TestEngine | undefined;

function create(env: Record<string, string>): TestEngine {
  running = createTestEngine((asked) => ({ ...env, ...asked }));
  return running;
}

/** The last one that was started to load; the one that tells about the hardware keeps its memory in an environment of its own. */
const loading = (started: TestEngine['started']): EngineProcess | undefined => started.findLast(({ asked }) => !asked?.MALLOC_TRIM_THRESHOLD_)?.process;

afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => running?.close());

test.skipIf(noGpu)(
  'a card too small for the cache and the batch: both shrink, each in a new process, and the model answers',
  { timeout: 120_000 },
  async () => {
    const { engine, started, settled, answer } = create(cardEnvironment(folder, 6));
    let worked: unknown;
    engine.load(tinyOrder({ contextSize: 16384 }, { onLoaded: (plan) => (worked = plan) }));
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
  const { engine, settled, answer } = create(cardEnvironment(folder, 1));
  engine.load(tinyOrder());
  const state = await settled();
  expect(state).toMatchObject({ status: 'ready', model: { layers: { onGpu: 0 } } });
  const changes = state.status === 'ready' ? state.steps?.map(({ change }) => change) : undefined;
  expect(changes?.[0]).toBe('layers');
  expect(changes?.at(-1)).toBe('backend');
  expect(await answer()).toBe('Hello! How can I help you today?');
});

test.skipIf(noGpu || !server)('a card too small for what guesses: the model is loaded without, as it was asked otherwise', { timeout: 120_000 }, async () => {
  const { engine, settled, answer } = create(cardEnvironment(folder, 5));
  const speculation = { type: 'draft', model: 'library id' } as const;
  let worked: unknown;
  const asked = tinyOrder(
    { batchSize: 128, speculation },
    { engine: 'llama-server', draft: fixture('tiny-qwen3.5-vl-F16.gguf'), onLoaded: (plan) => (worked = plan) },
  );
  engine.load(asked);
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
  const { engine, started, settled } = create({ ATELIER_GPU: 'cpu' });
  engine.load(tinyOrder({ gpuLayers: 0 }, { files: [fixture('README.md')] }));
  expect(await settled()).toMatchObject({ status: 'failed', error: { code: 'gguf.notGguf' }, lastLines: expect.any(Array) });
  expect(started).toHaveLength(1);
});

test('an engine that dies of a load that has no step down is a load that failed, with what it died of', async () => {
  const { engine, started, settled } = create({ ATELIER_GPU: 'cpu' });
  engine.load(tinyOrder({ gpuLayers: 0 }));
  await expect.poll(() => loading(started)).toBeDefined();
  process.kill(loading(started)!.pid!, 'SIGSEGV');
  expect(await settled()).toMatchObject({ status: 'failed', error: { code: 'engine.loadFailed', data: { cause: 'badMemory', exit: 'SIGSEGV' } } });
});

test('three crashes in a short time: nothing more is tried, and that is said', async () => {
  const { engine, started, settled } = create({ ATELIER_GPU: 'cpu' });
  engine.load(tinyOrder({ gpuLayers: 0, contextSize: 32768 }));
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
  engine.load(tinyOrder({ gpuLayers: 0 }));
  expect(await settled()).toMatchObject({ status: 'ready' });
});
