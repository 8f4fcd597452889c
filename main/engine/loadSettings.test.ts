/** Settings of a load that can be seen from outside, in both engines with the tiny model. */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LoadPlan } from '../../shared/contract/control.ts';
import type { MemorySplit } from '../../shared/schemas/memory.ts';
import { askMemory } from '../memory/ask.ts';
import { llama } from './llama.ts';
import { openModel } from './openModel.ts';
import { serverArguments } from './serverArguments.ts';
import { startServer } from './serverProcess.ts';
import { answer, engines, never, open, serverFolder } from './testBackends.ts';
import { ask, plan, quant } from './testModel.ts';

const cores = os.availableParallelism();
const text = (changes: Partial<LoadPlan>): LoadPlan => plan({ vision: false, ...changes });
const buffers = ({ weights, kvCache, state, compute }: MemorySplit): number => weights + kvCache + state + compute;

describe('threads', () => {
  const all = Math.min(cores, Number(process.env.ATELIER_THREADS) || cores);
  /** Asked for, and seen: a tiny model answers with one where nobody says otherwise, and nobody gets more than there are cores. */
  const wanted = [
    { threads: undefined, seen: 1, prompt: all },
    { threads: 'auto' as const, seen: 1, prompt: all },
    { threads: 2, seen: Math.min(2, cores), prompt: Math.min(2, cores) },
    { threads: 1000, seen: cores, prompt: cores },
  ];
  test.each(wanted)('node-llama-cpp: $threads', async ({ threads, seen }) => {
    const { context, model } = await openModel({ model: quant.q4, plan: text(threads ? { threads } : {}) }, () => {}, never);
    expect(context.idealThreads).toBe(seen);
    expect(model.llama.maxThreads).toBeGreaterThanOrEqual(seen);
    await context.dispose();
    await model.dispose();
  });
  test.skipIf(!serverFolder).each(wanted)('llama-server: $threads', async ({ threads, seen, prompt }) => {
    const request = { model: quant.q4, plan: text(threads ? { threads } : {}) };
    const server = await startServer(serverFolder!, await serverArguments(request), () => {});
    await server.ready(() => {}, never);
    await server.kill();
    expect(server.log.lines().find((line) => line.includes('n_threads ='))).toContain(`n_threads = ${seen} (n_threads_batch = ${prompt})`);
  });
});

describe.for(engines)('$name', (engine) => {
  const load = (changes: Partial<LoadPlan>): ReturnType<typeof open> => open({ ...engine, vision: false }, quant.q4, text(changes), serverPart);
  const serverPart = engine.name === 'llama-server' && serverFolder ? { serverFolder } : {};

  test.each([128, 1024, 4096])('a batch of %i takes what was estimated', async (batchSize) => {
    const asked = text({ batchSize, contextSize: 8192 });
    const { backend, loaded } = await load(asked);
    const { text: said } = await answer(backend, ask('Hi!'));
    await backend.dispose();
    const { ram } = await askMemory(await llama(), { header: quant.q4, plan: asked, served: engine.name === 'llama-server' });
    expect(said).toBe('Hello! How can I help you today?');
    expect(loaded.settings.batchSize).toBe(batchSize);
    // What llama-server logs of each of its six buffers is exact to 5 KB.
    const tolerance = engine.name === 'llama-server' ? 6 * 5_243 : 0;
    expect(Math.abs(buffers(loaded.memory!.ram) - buffers(ram))).toBeLessThanOrEqual(tolerance);
  });

  test('answers mapped, and what is mapped is not counted as taken', async () => {
    const read = await load({});
    await read.backend.dispose();
    const { backend, loaded } = await load({ mmap: true });
    const { text: said } = await answer(backend, ask('Hi!'));
    await backend.dispose();
    expect(said).toBe('Hello! How can I help you today?');
    expect(loaded.memory!.ram.weights).toBeLessThan(read.loaded.memory!.ram.weights);
    expect(loaded.memory!.ram.kvCache).toBe(read.loaded.memory!.ram.kvCache);
  });

  test('answers locked', async () => {
    const { backend, loaded } = await load({ mlock: true });
    const { text: said } = await answer(backend, ask('Hi!'));
    await backend.dispose();
    expect(said).toBe('Hello! How can I help you today?');
    expect(loaded.settings.mlock).toBe(true);
  });
});

test.skipIf(os.platform() !== 'linux')('what the system does not let be locked is loaded all the same, and said', () => {
  // Root may lock whatever the limit, unless it gives that up.
  const free = process.getuid?.() === 0 ? 'setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock' : '';
  const child = path.join(import.meta.dirname, 'testLockChild.ts');
  const output = execFileSync('/bin/sh', ['-c', `ulimit -l 64; exec ${free} "${process.execPath}" "${child}"`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const said = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as object);
  expect(said).toEqual(engines.map(({ name }) => ({ engine: name, unlocked: true })));
});
