/** The self-test with real engines: what runs here passes, what does not says why, and nothing is left running. */
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { Fault } from '../../shared/result.ts';
import type { SelfTestReport } from '../../shared/schemas/selfTest.ts';
import { defaultFolders } from '../folders.ts';
import type { EngineProcess } from '../platform.ts';
import { forkEngine } from './fork.ts';
import { selfTest } from './selfTest.ts';
import { fixture } from './testModel.ts';
import { defaultBuild } from './vision.ts';

const started: EngineProcess[] = [];
const platform = {
  tinyModel: path.dirname(fixture('README.md')),
  startEngine(env?: Record<string, string>): EngineProcess {
    const engine = forkEngine({ entry: path.join(import.meta.dirname, 'host.ts'), env: { ...env, ATELIER_THREADS: '1' } });
    started.push(engine);
    return engine;
  },
};
const hardware = () => Promise.reject(new Error('not asked here'));
const build = defaultBuild(defaultFolders().cache);

afterEach(async () => {
  for (const engine of started) await engine.exited;
  started.length = 0;
  vi.restoreAllMocks();
});

async function last(reports: AsyncIterable<SelfTestReport>): Promise<SelfTestReport> {
  let report: SelfTestReport | undefined;
  for await (const now of reports) report = now;
  return report!;
}

test('the processor passes with both engines, and every other backend says why it is not used', { timeout: 240_000 }, async () => {
  const { done, backends } = await last(selfTest({ platform, build, hardware }, new AbortController().signal));
  expect(done).toBe(true);
  const cpu = backends.find(({ backend }) => backend === 'cpu');
  expect(cpu).toMatchObject({
    state: 'used',
    runs: [
      { engine: 'llama-server', state: 'passed', saw: true },
      { engine: 'node-llama-cpp', state: 'passed' },
    ],
  });
  for (const { loadMs, tokensPerSecond } of cpu!.runs) {
    expect(loadMs).toBeGreaterThan(0);
    expect(tokensPerSecond).toBeGreaterThan(0);
  }
  for (const { backend, state, error } of backends.filter((each) => each.backend !== 'cpu')) {
    expect(['noDevice', 'notInstalled', 'failed', 'works'], backend).toContain(state);
    if (state === 'failed') expect(error?.code, backend).toMatch(/^engine\./);
  }
});

test('without the vision engine the text is still tested, and what is missing is said', { timeout: 120_000 }, async () => {
  const { backends } = await last(selfTest({ platform, build: async () => ({ problem: 'cmake' }), hardware }, new AbortController().signal));
  expect(backends.find(({ backend }) => backend === 'cpu')).toMatchObject({
    state: 'used',
    runs: [{ state: 'skipped', missing: 'cmake' }, { state: 'passed' }],
  });
});

test('an engine that gives wrong answers, or none, fails with what it said', async () => {
  const crashing = { ...platform, startEngine: () => platform.startEngine({ ATELIER_GPU: 'cpu', NODE_OPTIONS: '--no-such-option' }) };
  const { backends } = await last(selfTest({ platform: crashing, build, hardware }, new AbortController().signal));
  expect(backends.find(({ backend }) => backend === 'cpu')).toMatchObject({ state: 'failed', error: { code: 'engine.crashed' } });
});

test('stopped, it ends with its processes', { timeout: 60_000 }, async () => {
  const stop = new AbortController();
  const reports = selfTest({ platform, build: () => Promise.reject(new Fault('cancelled', '')), hardware }, stop.signal);
  for await (const { backends } of reports) if (backends.some(({ state }) => state === 'running')) stop.abort();
  await Promise.all(started.map(({ exited }) => exited));
  expect(started.length).toBeGreaterThan(0);
});
