/** Core's side of the engine, with real processes and the tiny model. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { GenerateEvent, GenerateRequest } from '../../shared/contract/control.ts';
import type { EngineState } from '../../shared/schemas/engine.ts';
import { isAlive } from '../alive.ts';
import { defaultFolders } from '../folders.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import type { EngineProcess } from '../platform.ts';
import { forkEngine } from './fork.ts';
import type { LoadOrder } from './order.ts';
import { buildServer } from './serverBuild.ts';
import { createEngine, type Engine, type EngineOptions } from './supervisor.ts';
import { ask, fixture, plan, projector, quant, say } from './testModel.ts';

const build = await buildServer({ cacheFolder: defaultFolders().cache });
const entry = path.join(import.meta.dirname, 'host.ts');
const log = { info() {}, warn() {}, error() {} };
/** The tiny model answers this until its context is full. */
const endless = 'Repeat: naïve façade 🙂 œuvre 日本';
const facts = { architecture: 'qwen35', embeddingLength: 256 } as ModelFacts;

let engine: Engine;
/** Every process that was started, oldest first. */
let started: EngineProcess[];
let pids: number[];

function create(options: Partial<EngineOptions> = {}): Engine {
  engine = createEngine({
    platform: {
      folders: { data: '', cache: defaultFolders().cache, models: os.tmpdir() },
      startEngine() {
        const process = forkEngine({ entry, env: { ATELIER_GPU: 'cpu', ATELIER_THREADS: '1' } });
        started.push(process);
        return process;
      },
    },
    log,
    ...options,
  });
  return engine;
}

const order = (changes: Partial<LoadOrder> = {}): LoadOrder => {
  const asked = plan({ vision: changes.projector !== undefined });
  const { batchSize: _, ...settings } = asked;
  return { modelId: 'tiny', files: [quant.q4], facts, settings, plan: asked, ...changes };
};

/** The state once it is neither loading nor what it was. */
async function settled(): Promise<{ last: EngineState; seen: EngineState[] }> {
  const seen: EngineState[] = [];
  for await (const state of engine.watch(AbortSignal.timeout(25_000))) {
    seen.push(state);
    if (state.status === 'ready' || state.status === 'failed') return { last: state, seen };
  }
  throw new Error(`still ${JSON.stringify(engine.state())}`);
}

async function answer(
  request: GenerateRequest,
  onEvent: (event: GenerateEvent) => void = () => {},
  modelId = 'tiny',
): Promise<{ text: string; end: GenerateEvent | undefined }> {
  let text = '';
  let end: GenerateEvent | undefined;
  await engine.generate(modelId, request, (event) => {
    if (event.type === 'text') text += event.text;
    if (event.type === 'end') end = event;
    onEvent(event);
  });
  return { text, end };
}

/** Process ids below this test: engines, and what they started. */
function descendants(): { pid: number; command: string }[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const rows = lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)!)
    .map(([, pid, parent, command]) => ({ pid: Number(pid), parent: Number(parent), command: command! }));
  const below = (parent: number): typeof rows => rows.filter((row) => row.parent === parent).flatMap((row) => [row, ...below(row.pid)]);
  return below(process.pid);
}
const engines = (): number[] =>
  descendants()
    .filter(({ command }) => command.includes('host.ts'))
    .map(({ pid }) => pid);
async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

beforeAll(() => {
  started = [];
});
afterEach(async () => {
  pids = engines();
  await engine.close();
  await Promise.all(started.map(({ exited }) => exited));
  expect(pids.filter(isAlive)).toEqual([]);
  started = [];
});

test('the speed of this machine is measured in a process that ends again', async () => {
  create({ idleMs: 50 });
  const { rates, layerMs } = await engine.bandwidth(false);
  expect(rates.length).toBeGreaterThan(1);
  expect(layerMs.least).toBeGreaterThan(0);
  await Promise.all(started.map(({ exited }) => exited));
  expect(engine.state()).toEqual({ status: 'idle' });
});

test('loads, answers, unloads: the process is gone', async () => {
  create();
  expect(engine.state()).toEqual({ status: 'idle' });
  const side = { weights: 1, kvCache: 2, state: 3, compute: 4, projector: 5 };
  const predicted = { gpu: side, ram: side };
  const asked = order({ predicted });
  engine.load(asked);
  const { last, seen } = await settled();
  expect(seen[0]).toMatchObject({ status: 'loading', modelId: 'tiny', asked: asked.settings, stage: 'starting' });
  expect(last).toMatchObject({
    status: 'ready',
    modelId: 'tiny',
    asked: asked.settings,
    visionProblem: 'noProjector',
    answering: false,
    predicted,
    model: { backend: 'node-llama-cpp' },
  });
  const { text, end } = await answer(ask('Hi!'), () => expect(engine.state()).toMatchObject({ answering: true }));
  expect(text).toBe('Hello! How can I help you today?');
  expect(end).toMatchObject({ type: 'end', stats: { stopReason: 'end' } });
  expect(engine.state()).toMatchObject({ status: 'ready', answering: false });
  const before = engines();
  expect(before).toHaveLength(1);
  await engine.unload();
  // More than Node alone takes: the model was in it.
  expect(engine.state()).toEqual({
    status: 'idle',
    last: 'tiny',
    ejected: [{ modelId: 'tiny', freed: { ram: expect.toSatisfy((bytes: number) => bytes > 60e6) } }],
  });
  expect(before.filter(isAlive)).toEqual([]);
  await expect(answer(ask('Hi!'))).rejects.toMatchObject({ code: 'engine.notLoaded' });
});

test('one answer at a time, and a stop ends it with its words', async () => {
  create();
  engine.load(order());
  await settled();
  let words = 0;
  const counting = answer(ask('Count from 1 to 100.', { turnId: 'a' }), (event) => {
    if (event.type === 'text' && words++ === 3) void engine.stop('a');
  });
  await until(() => words > 0);
  await expect(answer(ask('Hi!', { turnId: 'b' }))).rejects.toMatchObject({ code: 'engine.busy' });
  expect(() => engine.load(order())).toThrow(expect.objectContaining({ code: 'engine.busy' }));
  await engine.stop('other');
  const { text, end } = await counting;
  expect(text).toMatch(/^1, 2/);
  expect(end).toMatchObject({ stats: { stopReason: 'stopped' } });
  expect((await answer(ask('Hi!'))).text).toBe('Hello! How can I help you today?');
});

test.for(['node-llama-cpp', 'llama-server'] as const)('ejected while it answers in %s, it ends its answer as a stop does', async (choice, { skip }) => {
  skip(choice === 'llama-server' && 'problem' in build, 'llama-server cannot be built here');
  create();
  engine.load(order({ engine: choice }));
  await settled();
  const begun = Promise.withResolvers<void>();
  const answered = answer(ask(endless), ({ type }) => type === 'text' && begun.resolve());
  await begun.promise;
  await engine.unload();
  expect(engine.state()).toMatchObject({ status: 'idle', last: 'tiny' });
  const { text, end } = await answered;
  expect(text).not.toBe('');
  expect(end).toMatchObject({ stats: { stopReason: 'stopped' } });
});

test('a killed engine fails its answer and nothing else; the next load works', async () => {
  create();
  engine.load(order());
  await settled();
  let killed = false;
  let text = '';
  const counting = answer(ask('Count from 1 to 100.'), (event) => {
    if (event.type !== 'text') return;
    text += event.text;
    if (!killed) process.kill(engines()[0]!, 'SIGKILL');
    killed = true;
  });
  await expect(counting).rejects.toMatchObject({ code: 'engine.crashed', data: { reason: expect.stringContaining('SIGKILL') } });
  expect(text).toMatch(/^1/);
  expect(engine.state()).toMatchObject({
    status: 'failed',
    modelId: 'tiny',
    error: { code: 'engine.crashed', data: { cause: 'killed', exit: 'SIGKILL' } },
    lastLines: expect.arrayContaining([expect.stringContaining('llama_context')]),
  });
  engine.load(order());
  expect((await settled()).last).toMatchObject({ status: 'ready' });
  expect((await answer(ask('Hi!'))).text).toBe('Hello! How can I help you today?');
});

test('another load replaces the one under way', async () => {
  create();
  engine.load(order());
  engine.load(order({ modelId: 'split', files: [quant.split] }));
  expect((await settled()).last).toMatchObject({ status: 'ready', modelId: 'split' });
  expect(engines()).toHaveLength(1);
});

test('a file that is not a model fails with its reason', async () => {
  create();
  engine.load(order({ files: [fixture('README.md')] }));
  expect((await settled()).last).toMatchObject({ status: 'failed', error: { code: 'gguf.notGguf' } });
  await until(() => engines().length === 0);
});

test('a projector of another model is refused before anything starts', async () => {
  create();
  engine.load(order({ projector, facts: { ...facts, embeddingLength: 1024, name: 'Other' } }));
  expect((await settled()).last).toMatchObject({
    status: 'failed',
    error: { code: 'engine.projectorMismatch', data: { projector: path.basename(projector), model: 'Other', expected: 1024, actual: 256 } },
  });
  expect(started).toEqual([]);
});

test('without a vision engine the model still loads, and says what is missing', async () => {
  create({ build: async () => ({ problem: 'cmake' }) });
  engine.load(order({ projector }));
  expect((await settled()).last).toMatchObject({ status: 'ready', visionProblem: 'cmake', model: { backend: 'node-llama-cpp', vision: false } });
  engine.load(order({ projector, settings: { ...order().settings, vision: false } }));
  await until(() => engine.state().status === 'loading');
  expect((await settled()).last).toMatchObject({ status: 'ready', visionProblem: 'off' });
});

test('without llama-server what it alone can do is told not to hold, with what is missing', async () => {
  create({ build: async () => ({ problem: 'compiler' }) });
  engine.load(order({ projector, settings: { ...order().settings, vision: true, slots: 3 } }));
  const { last } = await settled();
  expect(last).toMatchObject({ status: 'ready', visionProblem: 'compiler', unmet: [{ setting: 'slots', why: 'compiler' }] });
  expect(last).not.toHaveProperty('model.slots');
});

test.skipIf('problem' in build)('a model with its projector sees; a SIGKILL leaves no llama-server behind', async () => {
  create();
  engine.load(order({ projector }));
  expect((await settled()).last).toMatchObject({ status: 'ready', model: { backend: 'llama-server', vision: true, thinking: true } });
  const picture = { type: 'image' as const, path: fixture('pictures/01-red-circle.png') };
  const asked = { ...say('user', ''), content: [picture, { type: 'text' as const, text: 'What colour is the shape?' }] };
  expect((await answer(ask([asked]))).text).toBe('The shape is red.');
  const servers = descendants().filter(({ command }) => command.includes('llama-server'));
  expect(servers.length).toBeGreaterThan(0);
  const counting = answer(ask(endless), (event) => {
    // The one that estimates with it: the next load finds out.
    if (event.type === 'text') for (const pid of engines()) process.kill(pid, 'SIGKILL');
  });
  await expect(counting).rejects.toMatchObject({ code: 'engine.crashed' });
  await until(() => !servers.some(({ pid }) => isAlive(pid)));
  engine.load(order({ projector }));
  expect((await settled()).last).toMatchObject({ status: 'ready' });
});

test.skipIf('problem' in build)('text runs in llama-server where that is wanted and one is built', async () => {
  create();
  engine.load(order({ engine: 'auto' }));
  expect((await settled()).last).toMatchObject({ status: 'ready', model: { backend: 'llama-server', vision: false }, visionProblem: 'noProjector' });
  expect((await answer(ask('Hi!'))).text).toBe('Hello! How can I help you today?');
});

test.skipIf('problem' in build)('a llama-server that is killed takes its engine along', async () => {
  create();
  engine.load(order({ projector }));
  await settled();
  const servers = descendants().filter(({ command }) => /\/llama-server -?-/.test(command) && !command.includes('/bin/sh'));
  expect(servers).toHaveLength(1);
  let killed = false;
  const counting = answer(ask(endless), (event) => {
    if (event.type !== 'text' || killed) return;
    process.kill(servers[0]!.pid, 'SIGKILL');
    killed = true;
  });
  await expect(counting).rejects.toMatchObject({ code: 'engine.crashed' });
  await until(() => engine.state().status === 'failed');
  engine.load(order({ projector }));
  expect((await settled()).last).toMatchObject({ status: 'ready' });
});

describe('several models', () => {
  /** There is room beside what is loaded, or for this one alone. */
  const beside = { needs: { gpu: 0, ram: 1 }, free: { gpu: null, ram: 2 ** 50 } };
  const alone = { needs: { gpu: 0, ram: 2 ** 50 }, free: { gpu: null, ram: 2 ** 50 } };
  const split = (room: LoadOrder['room']) => order({ modelId: 'split', files: [quant.split], ...(room && { room }) });
  const others = (): string[] | undefined => engine.state().others?.map(({ modelId }) => modelId);

  test('stay beside each other where there is room, answer at the same time, and go one by one', async () => {
    create();
    engine.load(order());
    await settled();
    engine.load(split(beside));
    expect((await settled()).last).toMatchObject({ status: 'ready', modelId: 'split', others: [{ modelId: 'tiny', answering: false }] });
    let both = false;
    const counting = answer(
      ask('Count from 1 to 100.', { turnId: 'a' }),
      () => {
        both ||= engine.loaded().every(({ answering }) => answering);
      },
      'split',
    );
    expect((await answer(ask('Hi!', { turnId: 'b' }))).text).toBe('Hello! How can I help you today?');
    await counting;
    expect(both).toBe(true);
    expect(engines()).toHaveLength(2);

    // The other one is chosen, with no new process, and only as it was asked for.
    expect(engine.use('tiny', { ...order().settings, contextSize: 1024 })).toBe(false);
    expect(engine.use('tiny', order().settings)).toBe(true);
    expect(engine.state()).toMatchObject({ status: 'ready', modelId: 'tiny', others: [{ modelId: 'split' }] });
    expect(started).toHaveLength(2);

    await engine.unload();
    expect(engine.state()).toMatchObject({
      status: 'ready',
      modelId: 'split',
      ejected: [{ modelId: 'tiny', freed: { ram: expect.toSatisfy((bytes: number) => bytes > 60e6) } }],
    });
    expect(others()).toBeUndefined();
    await engine.unload('split', 5);
    expect(engine.state()).toMatchObject({ status: 'idle', last: 'split', ejected: [{ modelId: 'tiny' }, { modelId: 'split', unusedMinutes: 5 }] });
    expect(engines()).toEqual([]);
  });

  test('one goes where another needs its room, and says so; not while it is answering', async () => {
    create();
    engine.load(order());
    await settled();
    let words = 0;
    const counting = answer(ask('Count from 1 to 100.', { turnId: 'a' }), () => {
      words++;
    });
    await until(() => words > 0);
    expect(() => engine.load(split(alone))).toThrow(expect.objectContaining({ code: 'engine.busy', data: { modelId: 'tiny' } }));
    await engine.stop('a');
    await counting;
    engine.load(split(alone));
    const { last } = await settled();
    expect(last).toMatchObject({ status: 'ready', modelId: 'split', ejected: [{ modelId: 'tiny', forRoom: true, freed: { ram: expect.any(Number) } }] });
    expect(engines()).toHaveLength(1);
  });

  test('one that crashes leaves the other alone', async () => {
    create();
    engine.load(order());
    await settled();
    engine.load(split(beside));
    await settled();
    started[0]!.kill();
    await until(() => others() === undefined);
    expect(engine.state()).toMatchObject({ status: 'ready', modelId: 'split' });
    await expect(answer(ask('Hi!'))).rejects.toMatchObject({ code: 'engine.notLoaded' });
    engine.load(order({ room: beside }));
    await settled();
    expect(others()).toEqual(['split']);
    started[2]!.kill();
    await until(() => engine.state().status === 'failed');
    expect(engine.state()).toMatchObject({ modelId: 'tiny', others: [{ modelId: 'split' }] });
    expect((await answer(ask('Hi!'), undefined, 'split')).text).toBe('Hello! How can I help you today?');
  });
});

test.skipIf('problem' in build)('a model with slots gives so many answers at the same time, each with its own conversation', async () => {
  create();
  const asked = plan({ vision: false, slots: 2 });
  const { batchSize: _, ...settings } = asked;
  engine.load(order({ engine: 'auto', settings, plan: asked }));
  expect((await settled()).last).toMatchObject({ status: 'ready', model: { backend: 'llama-server', slots: 2 } });
  const running = new Set<string>();
  let most = 0;
  const turn = (turnId: string, slot: number, question: GenerateRequest['messages'] | string) => {
    const heard = (event: GenerateEvent): void => {
      if (event.type === 'text') running.add(turnId);
      if (event.type === 'end') running.delete(turnId);
      most = Math.max(most, running.size);
    };
    return answer(ask(question, { turnId, slot }), heard);
  };
  const first = turn('a', 0, 'Count from 1 to 30.');
  const second = turn('b', 1, 'Count from 1 to 20.');
  await until(() => most > 0);
  await expect(turn('c', 1, 'Hi!')).rejects.toMatchObject({ code: 'engine.busy' });
  const [one, two] = await Promise.all([first, second]);
  expect(most).toBe(2);
  expect(one.text).toMatch(/28, 29, 30/);
  expect(two.text).toMatch(/18, 19, 20\.?$/);
});

test.skipIf('problem' in build)('answers that fill the context together end with their words and say so; the next one is given', async () => {
  create();
  const asked = plan({ vision: false, slots: 2, contextSize: 512 });
  const { batchSize: _, ...settings } = asked;
  engine.load(order({ engine: 'auto', settings, plan: asked }));
  await settled();
  const texts = ['', ''];
  const both = texts.map((_, slot) =>
    answer(ask(endless, { turnId: String(slot), slot }), (event) => {
      if (event.type === 'text') texts[slot] += event.text;
    }),
  );
  const shared = { status: 'rejected', reason: expect.objectContaining({ code: 'engine.contextShared' }) as unknown };
  expect(await Promise.allSettled(both)).toEqual([shared, shared]);
  expect(texts.map(({ length }) => length > 100)).toEqual([true, true]);
  expect((await answer(ask('Hi!'))).text).toBe('Hello! How can I help you today?');
});

test('questions are answered by a process that ends when nobody asks', async () => {
  create({ idleMs: 200 });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-disk-'));
  const hardware = await engine.hardware(folder);
  rmSync(folder, { recursive: true });
  expect(hardware).toMatchObject({ backend: 'cpu', vram: { total: 0 }, cpu: { threads: os.availableParallelism() } });
  expect(hardware.disk.total).toBeGreaterThan(hardware.disk.free);
  const cost = await engine.estimate({ header: quant.q4, plan: plan({ vision: false }) });
  expect(cost).toMatchObject({ basis: 'exact', layers: { total: 5, onGpu: 0 } });
  expect(engines()).toHaveLength(1);
  await until(() => engines().length === 0);
  expect((await engine.hardware(os.tmpdir())).backend).toBe('cpu');
});

test('a driver that takes the engine along as it starts is left alone: the processor answers', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-broken-'));
  const broken = path.join(folder, 'broken.mjs');
  writeFileSync(broken, "process.kill(process.pid, 'SIGSEGV');");
  const asked: unknown[] = [];
  create({
    platform: {
      folders: { data: '', cache: defaultFolders().cache, models: os.tmpdir() },
      startEngine(env) {
        asked.push(env?.ATELIER_GPU);
        const process = forkEngine(env?.ATELIER_GPU ? { entry, env: { ...env, ATELIER_THREADS: '1' } } : { entry: broken });
        started.push(process);
        return process;
      },
    },
  });
  expect(await engine.hardware(folder)).toMatchObject({ backend: 'cpu' });
  engine.load(order());
  expect((await settled()).last).toMatchObject({ status: 'ready' });
  expect(asked).toEqual([undefined, 'cpu', 'cpu']);
  rmSync(folder, { recursive: true });
});

test('what was estimated is what is loaded', async () => {
  create();
  const cost = await engine.estimate({ header: quant.q4, plan: plan({ vision: false }) });
  engine.load(order());
  const { last } = await settled();
  const real = last.status === 'ready' ? last.model.memory! : undefined;
  expect(real?.ram.weights).toBe(cost.ram.weights);
  const context = (split: typeof cost.ram): number => split.kvCache + split.state + split.compute;
  expect(context(real!.ram)).toBe(context(cost.ram));
});
