/** Running answers: joining at any position, storing as they grow, and every way to end. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { GenerateEvent } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { Turn, TurnEvent, TurnPosition } from '../../shared/schemas/chat.ts';
import { openDatabase } from '../db/open.ts';
import { statsOf } from './scriptedEngine.ts';
import { type ChatStore, createChatStore } from './store.ts';
import { createTurns, type Turns } from './turns.ts';

let store: ChatStore;
let turns: Turns;
let ended: Turn[];
let errors: string[];
let turnId: string;
/** What the engine says, and how it ends. */
let on: (event: GenerateEvent) => void;
let settle: PromiseWithResolvers<void>;

const log = { error: (message: string): void => void errors.push(message) };
const none: TurnPosition = { thinking: 0, text: 0 };

function begin(): void {
  settle = Promise.withResolvers();
  turns.begin(turnId, (listener) => {
    on = listener;
    return settle.promise;
  });
}

async function end(stopReason: 'end' | 'stopped' | 'length' = 'end'): Promise<void> {
  on({ type: 'end', stats: statsOf(stopReason) });
  settle.resolve();
  await turns.ended(turnId);
}

beforeEach(() => {
  vi.useFakeTimers();
  store = createChatStore(openDatabase(':memory:'));
  ended = [];
  errors = [];
  turns = createTurns({ store, log, onChange: (turn) => ended.push(turn), saveEveryMs: 1000 });
  turnId = store.ask({ chatId: undefined, parent: null, parts: [{ type: 'text', text: 'Q' }], modelId: 'tiny' }).answer.id;
  begin();
});
afterEach(() => {
  turns.close();
  vi.useRealTimers();
});

/** What a page holds: it cuts what it has at `at` and appends. */
function createPage(thinking = '', text = '') {
  const page = { thinking, text, end: undefined as Turn | undefined, events: 0 };
  const see = (event: TurnEvent): void => {
    page.events++;
    if (event.type === 'end') page.end = event.turn;
    else if (event.type !== 'prompt') page[event.type] = page[event.type].slice(0, event.at) + event.text;
  };
  return { page, see };
}

async function watchAll(page: ReturnType<typeof createPage>, signal = new AbortController().signal): Promise<void> {
  const from = { thinking: page.page.thinking.length, text: page.page.text.length };
  for await (const event of turns.watch(turnId, from, signal)) page.see(event);
}

const script: GenerateEvent[] = [
  { type: 'prompt', processed: 0, total: 9 },
  { type: 'prompt', processed: 9, total: 9 },
  { type: 'thinking', text: 'Hm, ' },
  { type: 'thinking', text: 'a 🐈?' },
  { type: 'text', text: 'It is' },
  { type: 'text', text: ' a cat 🐈' },
  { type: 'text', text: '.\n\n' },
  { type: 'text', text: '| a | b |' },
];
const whole = { thinking: 'Hm, a 🐈?', text: 'It is a cat 🐈.\n\n| a | b |' };

test('a watcher from the start gets everything in order, then the stored turn', async () => {
  const page = createPage();
  const events: TurnEvent[] = [];
  const watching = (async () => {
    for await (const event of turns.watch(turnId, none, new AbortController().signal)) {
      events.push(event);
      page.see(event);
    }
  })();
  for (const event of script) {
    on(event);
    await vi.advanceTimersByTimeAsync(0);
  }
  await end();
  await watching;
  expect(page.page).toMatchObject(whole);
  expect(events.filter(({ type }) => type === 'prompt')).toEqual(script.slice(0, 2));
  expect(events.at(-1)).toEqual({ type: 'end', turn: store.turn(turnId) });
  expect(ended).toEqual([store.turn(turnId)]);
  expect(store.turn(turnId)).toMatchObject({ ...whole, status: 'done', stats: statsOf('end') });
});

test('a page that is cut off after any event, having seen any part, ends with the same text', async () => {
  // All pairs of (events that had come when it joined, what it had seen by then).
  const pages: { page: ReturnType<typeof createPage>; watching: Promise<void> }[] = [];
  const said = { thinking: '', text: '' };
  const joinEverywhere = (): void => {
    for (let thinking = 0; thinking <= said.thinking.length; thinking++)
      for (let text = 0; text <= said.text.length; text += 3) {
        const page = createPage(said.thinking.slice(0, thinking), said.text.slice(0, text));
        pages.push({ page, watching: watchAll(page) });
      }
  };
  joinEverywhere();
  for (const event of script) {
    on(event);
    if (event.type === 'thinking' || event.type === 'text') said[event.type] += event.text;
    await vi.advanceTimersByTimeAsync(0);
    joinEverywhere();
  }
  await end();
  joinEverywhere();
  await Promise.all(pages.map(({ watching }) => watching));
  expect(pages.length).toBeGreaterThan(200);
  for (const { page } of pages) expect(page.page).toMatchObject({ ...whole, end: { status: 'done', ...whole } });
});

test('a page that reloads again and again loses and repeats nothing', async () => {
  const { page, see } = createPage();
  for (const event of [...script, ...script]) {
    on(event);
    const from = { thinking: page.thinking.length, text: page.text.length };
    for await (const seen of turns.watch(turnId, from, new AbortController().signal)) {
      see(seen);
      if (seen.type === 'text' || event.type !== 'text') break;
    }
  }
  expect(page).toMatchObject({ thinking: whole.thinking.repeat(2), text: whole.text.repeat(2) });
  await end();
});

test('a watcher ahead of what was stored hears where the text really ends', async () => {
  on({ type: 'text', text: 'short' });
  await end();
  const page = createPage('thought', 'short and more');
  await watchAll(page);
  expect(page.page).toMatchObject({ thinking: '', text: 'short' });
});

test('a slow watcher gets longer texts, not more events', async () => {
  const { page, see } = createPage();
  const stream = turns.watch(turnId, none, new AbortController().signal)[Symbol.asyncIterator]();
  for (let n = 0; n < 1000; n++) on({ type: 'text', text: `${n} ` });
  see((await stream.next()).value);
  expect(page.text).toBe(Array.from({ length: 1000 }, (_, n) => `${n} `).join(''));
  expect(page.events).toBe(1);
  await stream.return?.();
  await end();
});

test('an aborted watch ends, the answer goes on', async () => {
  const abort = new AbortController();
  const page = createPage();
  const watching = watchAll(page, abort.signal);
  on({ type: 'text', text: 'a' });
  await vi.advanceTimersByTimeAsync(0);
  abort.abort();
  await watching;
  on({ type: 'text', text: 'b' });
  await end();
  expect(page.page).toMatchObject({ text: 'a', end: undefined });
  expect(store.turn(turnId).text).toBe('ab');
});

test('watching a turn that is not there is refused', async () => {
  await expect(turns.watch('none', none, new AbortController().signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'turn.notFound' });
});

test('a growing answer is stored once a second, not for every token', async () => {
  const progress = vi.spyOn(store, 'progress');
  for (let n = 0; n < 30; n++) {
    on({ type: 'text', text: 'x' });
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(progress.mock.calls.length).toBe(3);
  expect(store.turn(turnId)).toMatchObject({ status: 'running', text: 'x'.repeat(30) });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(progress.mock.calls.length).toBe(3);
  await end();
});

test('what is not stored yet is in the fresh turn', async () => {
  on({ type: 'thinking', text: 'hm' });
  on({ type: 'text', text: 'abc' });
  expect(store.turn(turnId).text).toBe('');
  expect(turns.fresh(store.turn(turnId))).toMatchObject({ thinking: 'hm', text: 'abc' });
  await end();
  expect(turns.fresh(store.turn(turnId))).toEqual(store.turn(turnId));
});

test.each([
  ['end', 'done'],
  ['length', 'done'],
  ['stopped', 'stopped'],
] as const)('an answer that ends by %s is %s', async (stopReason, status) => {
  on({ type: 'text', text: 'some' });
  await end(stopReason);
  expect(store.turn(turnId)).toMatchObject({ status, text: 'some', stats: { stopReason } });
});

test.each([
  ['a crash', new Fault('engine.crashed', 'gone', { reason: 'SIGKILL' }), 'interrupted', 'engine.crashed'],
  ['a lost connection', new Fault('disconnected', 'lost'), 'interrupted', 'disconnected'],
  ['a full context', new Fault('engine.contextFull', 'full', { used: 9, context: 8 }), 'failed', 'engine.contextFull'],
  ['a bug', new TypeError('x is not a function'), 'failed', 'internal'],
])('after %s the text stays', async (_, error, status, code) => {
  const page = createPage();
  const watching = watchAll(page);
  on({ type: 'text', text: 'some' });
  settle.reject(error);
  await turns.ended(turnId);
  await watching;
  expect(page.page.end).toMatchObject({ status, text: 'some', error: { code } });
  expect(page.page.end).toEqual(store.turn(turnId));
  expect(page.page.end?.error?.message).not.toContain('x is not');
  expect(errors).toHaveLength(code === 'internal' ? 1 : 0);
});

test('an engine that ends without a word about it has crashed', async () => {
  on({ type: 'text', text: 'some' });
  settle.resolve();
  await turns.ended(turnId);
  expect(store.turn(turnId)).toMatchObject({ status: 'interrupted', text: 'some', error: { code: 'engine.crashed' } });
});

test('an engine that fails before it begins ends the turn, too', async () => {
  await end();
  turnId = store.ask({ chatId: undefined, parent: null, parts: [{ type: 'text', text: 'Q' }], modelId: 'tiny' }).answer.id;
  turns.begin(turnId, () => {
    throw new Fault('engine.busy', 'busy');
  });
  await turns.ended(turnId);
  expect(store.turn(turnId)).toMatchObject({ status: 'failed', error: { code: 'engine.busy' } });
});

test('an end that the disk refuses is tried again, and said when it is stored', async () => {
  const refuse = vi.spyOn(store, 'end').mockImplementationOnce(() => {
    throw new Error('database or disk is full');
  });
  on({ type: 'text', text: 'some' });
  on({ type: 'end', stats: statsOf('end') });
  settle.resolve();
  await vi.advanceTimersByTimeAsync(500);
  expect([ended.length, store.turn(turnId).status, errors.length]).toEqual([0, 'running', 1]);
  await vi.advanceTimersByTimeAsync(600);
  expect(refuse).toHaveBeenCalledTimes(2);
  expect(store.turn(turnId)).toMatchObject({ status: 'done', text: 'some' });
  expect(ended).toHaveLength(1);
});

test('progress that the disk refuses is no end', async () => {
  vi.spyOn(store, 'progress').mockImplementationOnce(() => {
    throw new Error('database or disk is full');
  });
  on({ type: 'text', text: 'a' });
  await vi.advanceTimersByTimeAsync(1000);
  on({ type: 'text', text: 'b' });
  await vi.advanceTimersByTimeAsync(1000);
  expect(store.turn(turnId)).toMatchObject({ status: 'running', text: 'ab' });
  await end();
});

test('when the app closes, running answers are interrupted and later words are ignored', async () => {
  on({ type: 'text', text: 'kept' });
  await vi.advanceTimersByTimeAsync(1000);
  turns.close();
  on({ type: 'text', text: ' lost' });
  expect(vi.getTimerCount()).toBe(0);
  settle.reject(new Fault('engine.crashed', 'gone'));
  await vi.advanceTimersByTimeAsync(5000);
  expect(vi.getTimerCount()).toBe(0);
  expect(store.turn(turnId)).toMatchObject({ status: 'interrupted', text: 'kept' });
  expect(store.turn(turnId)).not.toHaveProperty('error');
});
