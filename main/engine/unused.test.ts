/** Ejecting what nobody uses. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EngineState } from '../../shared/schemas/engine.ts';
import { createWatched } from '../watched.ts';
import { ejectUnused } from './unused.ts';

const ready = (answering: boolean): EngineState => ({ status: 'ready', modelId: 'tiny', answering }) as EngineState;
let state = createWatched<EngineState>({ status: 'idle' });
let minutes = createWatched(1);
let ejected: (number | undefined)[] = [];
let stop = new AbortController();

beforeEach(() => {
  state = createWatched<EngineState>({ status: 'idle' });
  minutes = createWatched(1);
  ejected = [];
  stop = new AbortController();
  const unload = async (after?: number): Promise<void> => {
    ejected.push(after);
    state.set({ status: 'idle' });
  };
  void ejectUnused({ engine: { watch: state.watch, state: state.get, unload }, minutes: minutes.watch(stop.signal), signal: stop.signal, minuteMs: 40 });
});
afterEach(() => stop.abort());

test('a model that is not used goes, and says after how long', async () => {
  state.set(ready(false));
  await expect.poll(() => ejected).toEqual([1]);
  await sleep(120);
  expect(ejected).toEqual([1]);
});

test('a model that is answering stays, and the time begins with the end of the answer', async () => {
  state.set(ready(false));
  state.set(ready(true));
  await sleep(160);
  expect(ejected).toEqual([]);
  state.set(ready(false));
  await expect.poll(() => ejected).toEqual([1]);
});

test('never means never, until the person says otherwise', async () => {
  minutes.set(0);
  state.set(ready(false));
  await sleep(160);
  expect(ejected).toEqual([]);
  minutes.set(2);
  await expect.poll(() => ejected).toEqual([2]);
});
