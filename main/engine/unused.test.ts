/** Ejecting what nobody uses. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EngineState } from '../../shared/schemas/engine.ts';
import { defaultLoadSettings } from '../../shared/schemas/memory.ts';
import { createWatched } from '../watched.ts';
import type { Loaded } from './supervisor.ts';
import { ejectUnused } from './unused.ts';

let loaded: Loaded[] = [];
let changed = createWatched(0);
let minutes = createWatched(1);
let ejected: [string | undefined, number | undefined][] = [];
let stop = new AbortController();
/** What is kept for models. */
let own: Record<string, number> = {};

/** A model as it is now: used in this moment. */
function set(modelId: string, more: { answering?: boolean; keepMinutes?: number } = {}): void {
  const { answering = false, ...settings } = more;
  const model: Loaded = {
    modelId,
    files: '',
    answering,
    usedAt: performance.now(),
    settings: { ...defaultLoadSettings, ...settings },
    model: {} as Loaded['model'],
  };
  loaded = [...loaded.filter((each) => each.modelId !== modelId), model];
  changed.set(changed.get() + 1);
}

async function* watch(signal: AbortSignal): AsyncIterable<EngineState> {
  for await (const _ of changed.watch(signal)) yield { status: 'idle' };
}

beforeEach(() => {
  loaded = [];
  changed = createWatched(0);
  minutes = createWatched(1);
  ejected = [];
  own = {};
  stop = new AbortController();
  const unload = async (modelId?: string, after?: number): Promise<void> => {
    ejected.push([modelId, after]);
    loaded = loaded.filter((each) => each.modelId !== modelId);
    changed.set(changed.get() + 1);
  };
  const engine = { watch, loaded: () => loaded, unload };
  void ejectUnused({ engine, minutes: minutes.watch(stop.signal), own: (modelId) => own[modelId], signal: stop.signal, minuteMs: 40 });
});
afterEach(() => stop.abort());

test('a model that is not used goes, and says after how long', async () => {
  set('a');
  await expect.poll(() => ejected).toEqual([['a', 1]]);
  await sleep(120);
  expect(ejected).toHaveLength(1);
});

test('a model that is answering stays, and the time begins with the end of the answer', async () => {
  set('a');
  set('a', { answering: true });
  await sleep(160);
  expect(ejected).toEqual([]);
  set('a');
  await expect.poll(() => ejected).toEqual([['a', 1]]);
});

test('never means never, until the person says otherwise', async () => {
  minutes.set(0);
  set('a');
  await sleep(160);
  expect(ejected).toEqual([]);
  minutes.set(2);
  await expect.poll(() => ejected).toEqual([['a', 2]]);
});

test('each has a time of its own, and what is kept for a model holds before what holds for all', async () => {
  set('kept', { keepMinutes: 0 });
  set('short', { keepMinutes: 1 });
  minutes.set(3);
  set('a');
  await expect
    .poll(() => ejected)
    .toEqual([
      ['short', 1],
      ['a', 3],
    ]);
  await sleep(120);
  expect(ejected).toHaveLength(2);
});

test('what is kept for a model while it is loaded holds at once', async () => {
  set('a', { keepMinutes: 0 });
  await sleep(80);
  own = { a: 1 };
  minutes.set(1);
  await expect.poll(() => ejected).toEqual([['a', 1]]);
});
