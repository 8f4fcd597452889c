/** What is loaded, with which plan, and what is remembered of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LoadPart } from '../../shared/loadChoice.ts';
import { Fault } from '../../shared/result.ts';
import type { EngineState, LadderStep } from '../../shared/schemas/engine.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import { defaultLoadSettings, type Estimate, type LoadSettings } from '../../shared/schemas/memory.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import { createWatched } from '../watched.ts';
import { createLoads, type Loads } from './loads.ts';
import type { LoadOrder } from './order.ts';
import type { Loaded } from './supervisor.ts';

const step: LadderStep = { change: 'cache', from: 'f16', to: 'q8_0', why: 'gpu' };
const forever = new AbortController().signal;

let folder: string;
let state = createWatched<EngineState>({ status: 'idle' });
let orders: LoadOrder[];
/** What can answer. */
let loaded: Set<string>;
/** With what they were loaded. */
let settingsOf: Map<string, LoadSettings>;
let used: (modelId: string, settings: LoadSettings) => boolean;
let asked: LoadSettings[];
let card: string;
/** Whose bytes the estimate gave. */
let runner: Estimate['engine'];
/** What is kept for a model. */
let own: LoadPart | undefined;
/** What an estimate of a model waits for. */
let slow: Map<string, Promise<void>>;
let loads: Loads;

const create = (): Loads =>
  createLoads({
    folder,
    engine: {
      state: state.get,
      watch: state.watch,
      loaded: () => [...loaded].map((modelId) => ({ modelId, settings: settingsOf.get(modelId) }) as Loaded),
      use: (modelId, settings) => used(modelId, settings),
      load(order) {
        orders.push(order);
        state.set({ status: 'loading', modelId: order.modelId, asked: order.settings, stage: 'starting', progress: 0 });
      },
    },
    library: { resolve: async (id) => ({ files: [`/models/${id}`], facts: { architecture: 'llama' } as ModelFacts }) },
    memory: {
      async estimate({ source, settings }) {
        asked.push(settings);
        if (source.kind === 'library') await slow.get(source.id);
        return { settings, engine: runner, layers: { total: 5, onGpu: 5 }, gpu: {}, ram: {} } as Estimate;
      },
      needs: async () => ({ gpu: 1, ram: 2 }),
      plan: (settings, { layers }) => ({ ...settings, gpuLayers: layers.onGpu, batchSize: 512 }),
    },
    hardware: async () => ({ backend: 'vulkan', gpus: [card], vram: { total: 8 }, cpu: { name: 'x' }, ram: { total: 9 }, llamaCpp: 'b1' }) as Hardware,
    settings: () => ({ global: defaultLoadSettings, model: own }),
  });
const ready = (modelId: string): void => {
  loaded.add(modelId);
  state.set({ status: 'ready', modelId, answering: false } as EngineState);
};

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-loads-'));
  state = createWatched<EngineState>({ status: 'idle' });
  orders = [];
  loaded = new Set();
  settingsOf = new Map();
  used = () => false;
  asked = [];
  card = 'GeForce';
  runner = 'node-llama-cpp';
  own = undefined;
  slow = new Map();
  loads = create();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A load that came to q8_0 by one step. */
async function stepDown(): Promise<void> {
  await loads.load('a', {}, forever);
  orders[0]!.onLoaded?.({ ...orders[0]!.plan, kvType: 'q8_0' }, [step]);
}

test('the plan that worked is used the next time, after a restart too, and said', async () => {
  await stepDown();
  expect(orders[0]).toMatchObject({ plan: { kvType: 'f16', batchSize: 512 } });
  expect(orders[0]).not.toHaveProperty('remembered');
  loads = create();
  await loads.load('a', {}, forever);
  expect(orders[1]).toMatchObject({ plan: { kvType: 'q8_0', gpuLayers: 5 }, remembered: [step], settings: { kvType: 'f16' } });
  // What is predicted is what is loaded.
  expect(asked.at(-1)).toMatchObject({ kvType: 'q8_0', gpuLayers: 5 });
});

test('what plays no part in memory does not make it another load, and is as it is asked for now', async () => {
  own = { threads: 2 };
  await stepDown();
  own = { threads: 4, mmap: true };
  await loads.load('a', {}, forever);
  expect(orders[1]).toMatchObject({ remembered: [step], plan: { kvType: 'q8_0', threads: 4, mmap: true } });
  own = { ropeScaling: 'yarn' };
  await loads.load('a', {}, forever);
  expect(orders[2]).not.toHaveProperty('remembered');
});

test('it holds for that model, those settings and this machine only', async () => {
  await stepDown();
  await loads.load('b', {}, forever);
  await loads.load('a', { settings: { ...defaultLoadSettings, contextSize: 512 } }, forever);
  card = 'Radeon';
  await loads.load('a', {}, forever);
  expect(orders.slice(1).map(({ remembered }) => remembered)).toEqual([undefined, undefined, undefined]);
});

test('what is kept for the model holds for a load that says nothing', async () => {
  own = { contextSize: 1024 };
  await loads.load('a', {}, forever);
  expect(orders[0]!.settings).toEqual({ ...defaultLoadSettings, contextSize: 1024 });
});

test('the engine that was estimated is the one that loads', async () => {
  await loads.load('a', {}, forever);
  runner = 'llama-server';
  await loads.load('a', {}, forever);
  expect(orders.map(({ engine }) => engine)).toEqual(['node-llama-cpp', 'auto']);
});

test('a load afresh tries as asked, and forgets what worked once that works', async () => {
  await stepDown();
  await loads.load('a', { afresh: true }, forever);
  expect(orders[1]).toMatchObject({ plan: { kvType: 'f16' } });
  orders[1]!.onLoaded?.(orders[1]!.plan, []);
  await loads.load('a', {}, forever);
  expect(orders[2]).not.toHaveProperty('remembered');
});

test('a message loads the last model with its settings, by itself, and waits for it', async () => {
  expect(loads.next()).toBeUndefined();
  const settings = { ...defaultLoadSettings, contextSize: 512 };
  await loads.load('a', { settings }, forever);
  state.set({ status: 'idle' });
  loads = create();
  expect(loads.next()).toBe('a');
  let waited = false;
  const waiting = loads.ready('a', forever).then(() => (waited = true));
  await expect.poll(() => orders.length).toBe(2);
  expect(orders[1]).toMatchObject({ modelId: 'a', settings, automatic: true });
  expect(waited).toBe(false);
  ready('a');
  await waiting;
  await loads.ready('a', forever);
  expect(orders).toHaveLength(2);
});

test('a message that waits hears why the load failed, and is loaded for again the next time', async () => {
  await loads.load('a', {}, forever);
  orders = [];
  state.set({ status: 'idle', last: 'a' });
  const waiting = loads.ready('a', forever);
  await expect.poll(() => orders.length).toBe(1);
  state.set({ status: 'failed', modelId: 'a', error: { code: 'engine.outOfMemory', message: '' } });
  await expect(waiting).rejects.toMatchObject({ code: 'engine.outOfMemory' });
  void loads.ready('a', forever).catch(() => {});
  await expect.poll(() => orders.length).toBe(2);
});

test('a model that is loaded so already is used, and one that is to be loaded afresh is not', async () => {
  const asked: unknown[] = [];
  used = (...what) => asked.push(what) > 0;
  own = { contextSize: 1024 };
  await loads.load('a', {}, forever);
  expect(asked).toEqual([['a', { ...defaultLoadSettings, contextSize: 1024 }]]);
  expect(orders).toEqual([]);
  await loads.load('a', { afresh: true }, forever);
  expect(orders).toHaveLength(1);
  // What it needs is told, so that others can stay.
  expect(orders[0]!.room).toMatchObject({ needs: { gpu: 1, ram: 2 } });
});

test('a loaded model that is chosen without settings stays as it was asked for', async () => {
  const asked: unknown[] = [];
  used = (...what) => asked.push(what) > 0;
  settingsOf.set('a', { ...defaultLoadSettings, contextSize: 2048 });
  ready('a');
  await loads.load('a', {}, forever);
  await loads.load('a', { settings: defaultLoadSettings }, forever);
  expect(asked).toEqual([
    ['a', { ...defaultLoadSettings, contextSize: 2048 }],
    ['a', defaultLoadSettings],
  ]);
});

test('the one that answered in place of an ejected one is the next to be loaded after a restart', async () => {
  await loads.load('a', {}, forever);
  ready('a');
  await loads.load('b', {}, forever);
  ready('b');
  await loads.ready('a', forever);
  loaded.delete('b');
  ready('a');
  state.set({ status: 'idle' });
  expect(create().next()).toBe('b');
  ready('a');
  await loads.ready('a', forever);
  state.set({ status: 'idle' });
  expect(create().next()).toBe('a');
});

test('a message for a model that is loaded beside the one that answers now needs no load', async () => {
  ready('a');
  ready('b');
  await loads.ready('a', forever);
  expect(orders).toEqual([]);
  await expect(loads.ready('c', forever)).rejects.toMatchObject({ code: 'engine.replaced' });
});

test('what keeps crashing is not loaded again by a message', async () => {
  state.set({ status: 'failed', modelId: 'a', error: { code: 'engine.keepsCrashing', message: '' } });
  await expect(loads.ready('a', forever)).rejects.toMatchObject({ code: 'engine.keepsCrashing' });
  expect(orders).toEqual([]);
});

test('a message that is taken back waits no more', async () => {
  const stop = new AbortController();
  state.set({ status: 'idle', last: 'a' });
  const waiting = loads.ready('a', stop.signal);
  await expect.poll(() => orders.length).toBe(1);
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
});

test('a message whose model made way for another is told so', async () => {
  await loads.load('a', {}, forever);
  orders = [];
  state.set({ status: 'idle', last: 'a' });
  const waiting = loads.ready('a', forever);
  await expect.poll(() => orders.length).toBe(1);
  ready('b');
  await expect(waiting).rejects.toMatchObject({ code: 'engine.replaced' });
});

test('a message whose model was ejected is told so, with another one loaded beside it or not', async () => {
  await loads.load('a', {}, forever);
  const alone = loads.ready('a', forever);
  state.set({ status: 'idle', last: 'a', ejected: [{ modelId: 'a' }] });
  await expect(alone).rejects.toMatchObject({ code: 'engine.ejected' });
  await loads.load('a', {}, forever);
  const beside = loads.ready('a', forever);
  loaded.add('b');
  state.set({ status: 'ready', modelId: 'b', answering: false, ejected: [{ modelId: 'a' }] } as EngineState);
  await expect(beside).rejects.toMatchObject({ code: 'engine.ejected' });
});

test('a message that comes while a load is prepared is for that model, and waits for it', async () => {
  const estimated = Promise.withResolvers<void>();
  slow.set('b', estimated.promise);
  ready('a');
  const begun = loads.load('b', {}, forever);
  expect(loads.next()).toBe('b');
  const waiting = loads.ready('b', forever);
  estimated.resolve();
  await begun;
  expect(orders.map(({ modelId }) => modelId)).toEqual(['b']);
  ready('b');
  await waiting;
});

test('a load that was taken back before it began is told to the message that waits for it, and one that is refused why', async () => {
  const [estimated, stop] = [Promise.withResolvers<void>(), new AbortController()];
  slow.set('b', estimated.promise);
  const begun = loads.load('b', {}, forever);
  const waiting = loads.ready('b', forever);
  const stopped = loads.ready('b', stop.signal);
  stop.abort();
  await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
  estimated.reject(new Fault('cancelled', 'taken back'));
  await expect(begun).rejects.toMatchObject({ code: 'cancelled' });
  await expect(waiting).rejects.toMatchObject({ code: 'engine.ejected' });
  slow.set('b', Promise.reject(new Fault('engine.noCard', 'gone')));
  const again = loads.load('b', {}, forever);
  await expect(loads.ready('b', forever)).rejects.toMatchObject({ code: 'engine.noCard' });
  await expect(again).rejects.toMatchObject({ code: 'engine.noCard' });
});

test('an engine that dies while a load is prepared is a load that failed', async () => {
  slow.set('a', Promise.reject(new Fault('engine.crashed', 'gone', { reason: 'SIGSEGV', cause: 'badMemory' })));
  await expect(loads.load('a', {}, forever)).rejects.toMatchObject({ code: 'engine.loadFailed', data: { cause: 'badMemory' } });
});

test('a load that takes longer to prepare does not replace one that was asked for after it', async () => {
  const estimated = Promise.withResolvers<void>();
  slow.set('a', estimated.promise);
  const first = loads.load('a', {}, forever);
  await loads.load('b', {}, forever);
  estimated.resolve();
  await expect(first).rejects.toMatchObject({ code: 'engine.replaced' });
  expect(orders.map(({ modelId }) => modelId)).toEqual(['b']);
  expect(loads.next()).toBe('b');
});

test('a model that guesses goes along, and both to the engine that can', async () => {
  runner = 'llama-server';
  const speculating = (speculation: LoadSettings['speculation']): LoadSettings => ({ ...defaultLoadSettings, ...(speculation && { speculation }) });
  await loads.load('big', { settings: speculating({ type: 'draft', model: 'small' }) }, forever);
  expect(orders.at(-1)).toMatchObject({ draft: '/models/small', engine: 'llama-server', plan: { speculation: { type: 'draft', model: 'small' } } });
  await loads.load('big', { settings: speculating({ type: 'mtp' }) }, forever);
  expect(orders.at(-1)).toMatchObject({ engine: 'llama-server', plan: { speculation: { type: 'mtp' } } });
  expect(orders.at(-1)).not.toHaveProperty('draft');
  await loads.load('big', { settings: speculating(undefined) }, forever);
  expect(orders.at(-1)).toMatchObject({ engine: 'auto' });
});

test('shares go to the engine that can, and what is free to the cards that are meant', async () => {
  runner = 'llama-server';
  const cards = [0, 1].map((id) => ({ id, share: id + 1 }));
  await loads.load('big', { settings: { ...defaultLoadSettings, cards } }, forever);
  expect(orders.at(-1)).toMatchObject({ engine: 'llama-server', plan: { cards }, room: { cards } });
  const one = [{ id: 1 }];
  await loads.load('big', { settings: { ...defaultLoadSettings, cards: one } }, forever);
  expect(orders.at(-1)).toMatchObject({ engine: 'auto', plan: { cards: one }, room: { cards: one } });
  await loads.load('big', { settings: defaultLoadSettings }, forever);
  expect(orders.at(-1)?.room).not.toHaveProperty('cards');
});
