/** A conversation as the page has it, through the contract's own wire. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Core, core } from '../../shared/contract/core.ts';
import { Fault } from '../../shared/result.ts';
import { type Client, connect } from '../../shared/rpc/connect.ts';
import type { CallName, Handlers, Input, Output } from '../../shared/rpc/define.ts';
import { portPair } from '../../shared/rpc/port.ts';
import { serve } from '../../shared/rpc/serve.ts';
import type { Chat, ChatSummary, ImagePart, Part, TurnEvent } from '../../shared/schemas/chat.ts';
import { defaultSampling, type Sampling } from '../../shared/schemas/sampling.ts';
import { defaultSettings, type Settings } from '../../shared/schemas/settings.ts';
import { type Blobs, createBlobs } from '../blobs/store.ts';
import { openDatabase } from '../db/open.ts';
import { createLog } from '../log.ts';
import { type ScriptedEngine, scriptedEngine } from './scriptedEngine.ts';
import { type Chats, createChats } from './service.ts';

let folder: string;
let db: DatabaseSync;
let blobs: Blobs;
let engine: ScriptedEngine;
let settings: Settings;
let recommended: Sampling | undefined;
let chats: Chats;
let rpc: Client<Core>;

function open(): void {
  db = openDatabase(join(folder, 'chats.db'));
  blobs = createBlobs(join(folder, 'blobs'));
  engine = scriptedEngine();
  settings = defaultSettings;
  recommended = undefined;
  chats = createChats({ db, blobs, engine, settings: { get: () => settings }, recommended: () => recommended, log: createLog({ print: () => {} }) });
  const [here, there] = portPair();
  serve(core, chats.handlers as Handlers<Core>, here);
  rpc = connect(core, there);
}
function close(): void {
  chats.close();
  db.close();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'service-'));
  open();
});
afterEach(() => {
  close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask<K extends CallName<Core>>(method: K, input: Input<Core[K]>): Promise<Output<Core[K]>> {
  const answer = await rpc.call(method, input);
  if (!answer.ok) throw new Fault(answer.error.code, answer.error.message, answer.error.data);
  return answer.value;
}
const words = (text: string): Part[] => [{ type: 'text', text }];
const send = (text: string, chatId?: string) => ask('chat.send', { ...(chatId !== undefined && { chatId }), parts: words(text), thinking: false });
/** Waits for the answer that was asked for last. */
const last = () => engine.scripts.at(-1)!;

/** The first event of a stream that passes, then the stream is left. */
async function first<T>(open: (on: (event: T) => void, signal: AbortSignal) => Promise<unknown>, passes: (event: T) => boolean = () => true): Promise<T> {
  const abort = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  void open((event) => passes(event) && resolve(event), abort.signal).then((result) => reject(result));
  try {
    return await promise;
  } finally {
    abort.abort();
  }
}
const chat = (id: string, passes?: (chat: Chat) => boolean): Promise<Chat> =>
  first<Chat>((on, signal) => rpc.stream('chat.watch', { id }, on, { signal }), passes);
const list = (): Promise<ChatSummary[]> => first<ChatSummary[]>((on, signal) => rpc.stream('chats.watch', undefined, on, { signal }));
const shown = async (id: string): Promise<string[]> =>
  (await chat(id)).turns.map((turn) => turn.text || turn.parts.map((part) => (part.type === 'text' ? part.text : part.name)).join());
const ended = (turnId: string) =>
  first<TurnEvent>(
    (on, signal) => rpc.stream('turn.watch', { turnId, from: { thinking: 0, text: 0 } }, on, { signal }),
    ({ type }) => type === 'end',
  );

/** A question and its whole answer; gives the chat. */
async function talk(question: string, answer: string, chatId?: string): Promise<{ chatId: string; turnId: string }> {
  const sent = await send(question, chatId);
  last().say(answer);
  last().end();
  await ended(sent.turnId);
  return sent;
}

async function picture(name: string, extra: number): Promise<ImagePart> {
  const original = await blobs.put(Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(40, extra)]));
  const sent = await blobs.put(Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(40, extra)]));
  return { type: 'image', original: original.sha256, sent: sent.sha256, name, width: 4, height: 3, sentWidth: 4, sentHeight: 3 };
}

test('a question is stored, answered and told to every watcher', async () => {
  const sent = await send('What is 2 + 2?');
  expect(await chat(sent.chatId)).toMatchObject({
    title: 'What is 2 + 2?',
    running: true,
    turns: [{ role: 'user' }, { id: sent.turnId, status: 'running', modelId: 'tiny' }],
  });
  const done = chat(sent.chatId, ({ running }) => !running);
  last().say('4');
  last().end();
  expect((await done).turns[1]).toMatchObject({ status: 'done', text: '4' });
  expect(await list()).toMatchObject([{ id: sent.chatId, running: false }]);
});

test('the engine is given the system prompt, the path without thoughts, and the settings', async () => {
  settings = { ...defaultSettings, systemPrompt: 'Be brief.', sampling: { temperature: 0.1, maxTokens: 300 } };
  const { chatId } = await send('My name is Ada.');
  last().think('A name.');
  last().say('Hello Ada.');
  last().end();
  await chat(chatId, ({ running }) => !running);
  const { turnId } = await ask('chat.send', { chatId, parts: words('What is my name?'), thinking: true });
  const text = (words: string) => [{ type: 'text', text: words }];
  expect(last().request).toEqual({
    turnId,
    thinking: true,
    ...{ ...defaultSampling, temperature: 0.1, maxTokens: 300 },
    overflow: 'stop',
    messages: [
      { role: 'system', content: text('Be brief.') },
      { role: 'user', content: text('My name is Ada.') },
      { role: 'assistant', content: text('Hello Ada.') },
      { role: 'user', content: text('What is my name?') },
    ],
  });
});

test('what is said for a chat holds there alone, over the model and over all, and can be given back', async () => {
  settings = {
    ...defaultSettings,
    systemPrompt: 'Be brief.',
    sampling: { temperature: 0.5, topK: 10 },
    modelAnswers: { tiny: { topK: 20 }, other: { topK: 30 } },
  };
  recommended = { temperature: 0.6, minP: 0.1 };
  const asked = () => {
    const { temperature, topK, minP, thinking, overflow, messages } = last().request;
    return { temperature, topK, minP, thinking, overflow, system: messages[0]?.role === 'system' && messages[0].content };
  };
  const { chatId } = await talk('Q', 'A');
  const usual = { temperature: 0.5, topK: 20, minP: 0.1, thinking: false, overflow: 'stop', system: [{ type: 'text', text: 'Be brief.' }] };
  expect(asked()).toEqual(usual);

  const heard = chat(chatId, ({ settings }) => settings.topK === 5);
  await ask('chat.settings', { chatId, set: { topK: 5, systemPrompt: 'Speak French.', thinking: true, overflow: 'dropOldest' } });
  await ask('chat.settings', { chatId, set: { temperature: 0 } });
  expect((await heard).settings).toMatchObject({ topK: 5, thinking: true });
  // `send` says that it is not to think.
  await talk('Q2', 'A2', chatId);
  const own = { temperature: 0, topK: 5, minP: 0.1, thinking: false, overflow: 'dropOldest', system: [{ type: 'text', text: 'Speak French.' }] };
  expect(asked()).toEqual(own);
  const { turnId } = await ask('chat.send', { chatId, parts: words('Q3') });
  expect(asked()).toEqual({ ...own, thinking: true });
  last().say('A3');
  last().end();
  await ended(turnId);

  await talk('elsewhere', 'A');
  expect(asked()).toEqual(usual);
  await ask('chat.settings', { chatId, set: {}, inherit: ['topK', 'temperature', 'systemPrompt', 'overflow', 'thinking'] });
  expect((await chat(chatId)).settings).toEqual({});
  await talk('Q4', 'A4', chatId);
  expect(asked()).toEqual(usual);
});

test('a new chat is begun with settings of its own', async () => {
  const { chatId } = await ask('chat.send', { parts: words('Q'), settings: { systemPrompt: 'Speak French.', seed: 7 } });
  expect((await chat(chatId)).settings).toEqual({ systemPrompt: 'Speak French.', seed: 7 });
  expect(last().request).toMatchObject({ seed: 7, messages: [{ role: 'system' }, { role: 'user' }] });
  await expect(ask('chat.settings', { chatId, set: { temperature: 9 } })).rejects.toMatchObject({ code: 'rpc.invalidInput' });
  await expect(ask('chat.settings', { chatId: 'none', set: {} })).rejects.toMatchObject({ code: 'chat.notFound' });
});

test('what a model is not given is told at once, kept with the answer, and asked for in the settings', async () => {
  settings = { ...defaultSettings, overflow: 'dropOldest' };
  const { chatId } = await talk('My name is Ada.', 'Hello Ada.');
  const { turnId } = await send('And now?', chatId);
  expect(last().request.overflow).toBe('dropOldest');
  const told = chat(chatId, ({ turns }) => turns.at(-1)?.dropped !== undefined);
  last().drop(2, 310);
  expect((await told).turns.at(-1)).toMatchObject({ id: turnId, status: 'running', dropped: { messages: 2, tokens: 310 } });
  last().say('Now.');
  last().end();
  await ended(turnId);
  close();
  open();
  expect((await chat(chatId)).turns.map(({ dropped }) => dropped)).toEqual([undefined, undefined, undefined, { messages: 2, tokens: 310 }]);
});

test('the engine is told which chat it answers in, and hears of a stop before the first word', async () => {
  const { chatId } = await talk('Q', 'A');
  expect(engine.of).toEqual([{ chatId, modelId: 'tiny' }]);
  engine.generate = (_, __, ___, signal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Fault('cancelled', 'Stopped before the first word'))));
  const { turnId } = await send('Q2', chatId);
  await ask('chat.stop', { turnId });
  expect((await chat(chatId)).turns.at(-1)).toMatchObject({ status: 'stopped', text: '' });
});

test('a model with slots answers in several chats at the same time, and no more than it has', async () => {
  engine.widen('tiny', 2);
  const chats = [await send('one'), await send('two'), await send('three')];
  await expect.poll(() => engine.scripts).toHaveLength(2);
  for (const script of engine.scripts) script.say('x');
  engine.scripts[1]!.end();
  await ended(chats[1]!.turnId);
  await expect.poll(() => engine.scripts).toHaveLength(3);
  engine.scripts[0]!.end();
  engine.scripts[2]!.end();
  expect(await Promise.all(chats.map(async ({ turnId }) => (await ended(turnId)) as object))).toMatchObject([
    { turn: { status: 'done' } },
    { turn: { status: 'done' } },
    { turn: { status: 'done' } },
  ]);
});

test('questions that waited for the load are answered together, by as many slots as the model came with', async () => {
  engine.eject('tiny');
  await send('one');
  await send('two');
  engine.widen('tiny', 2);
  engine.loaded();
  await expect.poll(() => engine.scripts).toHaveLength(2);
});

test('the ledger is that of the next question', async () => {
  const { chatId } = await talk('Q', 'A');
  expect(await ask('chat.ledger', { chatId })).toMatchObject({ total: 20, messages: [{ role: 'user' }, { role: 'assistant', tokens: 10 }] });
  const { turnId } = await ask('chat.send', { chatId, parts: [await picture('a.png', 1), ...words('What is this?')], thinking: false });
  await expect(ask('chat.ledger', { chatId })).rejects.toMatchObject({ code: 'turn.running' });
  last().say('A circle.');
  last().end();
  await ended(turnId);
  expect(await ask('chat.ledger', { chatId })).toMatchObject({ total: 40 });
});

test('pictures reach the engine in order, as the files that were made for it', async () => {
  const [one, two] = [await picture('one.gif', 1), await picture('two.gif', 2)];
  const { chatId } = await ask('chat.send', { parts: [one, ...words('Compare'), two], thinking: false });
  expect(last().request.messages[0]?.content).toEqual([
    { type: 'image', path: blobs.path(one.sent) },
    { type: 'text', text: 'Compare' },
    { type: 'image', path: blobs.path(two.sent) },
  ]);
  expect((await chat(chatId)).turns[0]?.parts).toEqual([one, ...words('Compare'), two]);
});

test('a question that cannot be asked is refused before anything is stored', async () => {
  const good = await picture('cat.gif', 1);
  const refused: [string, Part[]][] = [
    ['rpc.invalidInput', words(' \n ')],
    ['blob.notFound', [{ ...good, original: 'a'.repeat(64) }, ...words('x')]],
    ['blob.notFound', [{ ...good, sent: 'a'.repeat(64) }]],
    ['blob.notImage', [{ ...good, sent: good.original }]],
    ['rpc.invalidInput', [{ ...good, sent: '../../etc/passwd' }]],
  ];
  for (const [code, parts] of refused) await expect(ask('chat.send', { parts, thinking: false })).rejects.toMatchObject({ code });
  engine.load(undefined);
  await expect(send('hello')).rejects.toMatchObject({ code: 'engine.notLoaded' });
  expect(await list()).toEqual([]);
  expect(engine.scripts).toEqual([]);
});

test('without a model an old chat stays as it was', async () => {
  const { chatId, turnId } = await talk('Q', 'A');
  const before = await chat(chatId);
  engine.load(undefined);
  const question = before.turns[0]!.id;
  await expect(send('more', chatId)).rejects.toMatchObject({ code: 'engine.notLoaded' });
  await expect(ask('chat.retry', { turnId, thinking: false })).rejects.toMatchObject({ code: 'engine.notLoaded' });
  await expect(ask('chat.edit', { turnId: question, parts: words('x'), thinking: false })).rejects.toMatchObject({ code: 'engine.notLoaded' });
  expect(await chat(chatId)).toEqual(before);
});

test('one running answer in a chat, however many ask at once; other chats are free', async () => {
  const { chatId } = await talk('Q', 'A');
  const sends = await Promise.allSettled(Array.from({ length: 5 }, (_, n) => send(`again ${n}`, chatId)));
  const accepted = sends.filter(({ status }) => status === 'fulfilled');
  expect(accepted).toHaveLength(1);
  const { turnId } = (accepted[0] as PromiseFulfilledResult<{ turnId: string }>).value;
  for (const result of sends) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'turn.running', data: { turnId } });
  expect(await shown(chatId)).toHaveLength(4);

  await expect(ask('chat.retry', { turnId, thinking: false })).rejects.toMatchObject({ code: 'turn.running' });
  const other = await send('elsewhere');
  expect(other.chatId).not.toBe(chatId);
});

test('answers of other chats wait for the engine, in order', async () => {
  const one = await send('one');
  const two = await send('two');
  const three = await send('three');
  const four = await send('four');
  expect(engine.scripts).toHaveLength(1);
  expect((await list()).map(({ running }) => running)).toEqual([true, true, true, true]);

  await ask('chat.stop', { turnId: three.turnId });
  expect(await ended(three.turnId)).toMatchObject({ turn: { status: 'stopped', text: '' } });
  last().fail(new Fault('engine.contextFull', 'full', { used: 9, context: 8 }));
  await ended(one.turnId);
  expect(last().request).toMatchObject({ turnId: two.turnId, messages: [{ content: words('two') }] });
  expect(engine.scripts).toHaveLength(2);

  engine.load('another');
  last().end();
  expect(await ended(four.turnId)).toMatchObject({ turn: { status: 'failed', error: { code: 'engine.replaced' } } });
  expect(engine.scripts).toHaveLength(2);
  await talk('five', '5');
});

test('an app that closes asks nothing more of the engine', async () => {
  const one = await send('one');
  const two = await send('two');
  chats.close();
  last().fail(new Fault('engine.crashed', 'gone'));
  expect([(await ended(one.turnId)) as object, (await ended(two.turnId)) as object]).toMatchObject([
    { turn: { status: 'interrupted' } },
    { turn: { status: 'interrupted' } },
  ]);
  expect(engine.scripts).toHaveLength(1);
});

test('stop keeps the text, and the next question works at once', async () => {
  const { chatId, turnId } = await send('Count from 1 to 100');
  last().say('1 2 3');
  await ask('chat.stop', { turnId });
  expect((await chat(chatId)).turns[1]).toMatchObject({ status: 'stopped', text: '1 2 3', stats: { stopReason: 'stopped' } });
  await ask('chat.stop', { turnId });
  await talk('Go on', '4', chatId);
  expect(await shown(chatId)).toEqual(['Count from 1 to 100', '1 2 3', 'Go on', '4']);
  await expect(ask('chat.stop', { turnId: 'none' })).rejects.toMatchObject({ code: 'turn.notFound' });
});

test('an engine that dies leaves the text, and the next question works after a load', async () => {
  const { chatId, turnId } = await send('Tell me');
  last().say('Once upon');
  engine.load(undefined);
  last().fail(new Fault('engine.crashed', 'The engine ended', { reason: 'SIGKILL' }));
  expect(await ended(turnId)).toMatchObject({ turn: { status: 'interrupted', text: 'Once upon', error: { code: 'engine.crashed' } } });
  await expect(send('Go on', chatId)).rejects.toMatchObject({ code: 'engine.notLoaded' });
  engine.load('tiny');
  await talk('Go on', 'a time', chatId);
  expect(last().request.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
});

test('a message to a model that is not loaded waits for it, and can be taken back meanwhile', async () => {
  engine.eject('tiny');
  const one = await send('one');
  const two = await send('two');
  expect((await chat(one.chatId)).turns[1]).toMatchObject({ status: 'running', modelId: 'tiny' });
  await ask('chat.stop', { turnId: one.turnId });
  expect(await ended(one.turnId)).toMatchObject({ turn: { status: 'stopped', text: '' } });
  expect(engine.scripts).toHaveLength(0);
  engine.loaded();
  await expect.poll(() => engine.scripts.length).toBe(1);
  last().say('2');
  last().end();
  expect(await ended(two.turnId)).toMatchObject({ turn: { status: 'done', text: '2' } });
});

test('a message whose model cannot be loaded says why', async () => {
  engine.eject('tiny');
  const { turnId } = await send('one');
  engine.loaded(new Fault('engine.outOfMemory', 'no'));
  expect(await ended(turnId)).toMatchObject({ turn: { status: 'failed', error: { code: 'engine.outOfMemory' } } });
});

test('retry answers the same question beside the old answer; both can be chosen', async () => {
  const { chatId, turnId } = await talk('Q', 'first');
  const retried = await ask('chat.retry', { turnId, thinking: false });
  expect(last().request.messages).toEqual([{ role: 'user', content: words('Q') }]);
  last().say('second');
  last().end();
  await ended(retried.turnId);
  expect((await chat(chatId)).turns[1]).toMatchObject({ text: 'second', siblings: [turnId, retried.turnId] });
  await ask('chat.choose', { turnId });
  expect(await shown(chatId)).toEqual(['Q', 'first']);
});

test('a question without an answer can be answered', async () => {
  const { chatId, turnId } = await talk('Q', 'first');
  await ask('chat.deleteTurn', { turnId });
  const question = (await chat(chatId)).turns[0]!.id;
  await ask('chat.retry', { turnId: question, thinking: false });
  last().say('second');
  last().end();
  expect((await chat(chatId, ({ running }) => !running)).turns[1]).toMatchObject({ text: 'second' });
});

test('edit sends a changed question beside the old one, with what came before it', async () => {
  const { chatId } = await talk('One', '1');
  await talk('Tow', '?', chatId);
  const question = (await chat(chatId)).turns[2]!.id;
  const { turnId } = await ask('chat.edit', { turnId: question, parts: words('Two'), thinking: false });
  last().say('2');
  last().end();
  await ended(turnId);
  expect(await shown(chatId)).toEqual(['One', '1', 'Two', '2']);
  expect(last().request.messages.map(({ content }) => content)).toEqual([words('One'), words('1'), words('Two')]);
  expect((await chat(chatId)).turns[2]?.siblings).toHaveLength(2);
  await expect(ask('chat.edit', { turnId, parts: words('x'), thinking: false })).rejects.toMatchObject({ code: 'turn.notFound' });
});

test('an answer that runs beside the path that is shown is named, so that it can be stopped', async () => {
  const { chatId, turnId } = await talk('Q', 'A');
  const { turnId: running } = await ask('chat.retry', { turnId, thinking: false });
  expect(await chat(chatId)).toMatchObject({ running: true, answering: running });
  await ask('chat.choose', { turnId });
  const { turns, answering } = await chat(chatId);
  expect([turns.map(({ id }) => id).includes(running), answering]).toEqual([false, running]);
  await ask('chat.stop', { turnId: running });
  expect(await chat(chatId)).not.toHaveProperty('answering');
});

test('deleting a running answer stops it; undo brings it back as far as it came', async () => {
  const { chatId } = await talk('Q', 'A');
  const { turnId } = await send('Q2', chatId);
  last().say('half');
  const question = (await chat(chatId)).turns[2]!.id;
  await ask('chat.deleteTurn', { turnId: question });
  expect(await chat(chatId)).toMatchObject({ running: false, turns: [{}, {}] });
  await ask('chat.restoreTurn', { turnId: question });
  expect((await chat(chatId)).turns[3]).toMatchObject({ id: turnId, status: 'stopped', text: 'half' });
});

test('deleting a chat that is being answered stops it; undo brings it back', async () => {
  const { chatId, turnId } = await send('Q');
  last().say('half');
  const watching = rpc.stream('chat.watch', { id: chatId }, () => {});
  await ask('chats.delete', { id: chatId });
  expect(await watching).toMatchObject({ ok: false, error: { code: 'chat.notFound' } });
  expect(await list()).toEqual([]);
  await expect(send('more', chatId)).rejects.toMatchObject({ code: 'chat.notFound' });
  await ask('chats.restore', { id: chatId });
  expect((await chat(chatId, ({ running }) => !running)).turns[1]).toMatchObject({ id: turnId, status: 'stopped', text: 'half' });
});

test('rename and search', async () => {
  const { chatId } = await talk('whales', 'They sing');
  await talk('other', 'thing');
  await ask('chats.rename', { id: chatId, title: '  The sea ' });
  expect((await chat(chatId)).title).toBe('The sea');
  expect(await ask('chats.search', { query: 'sing' })).toMatchObject([{ id: chatId, title: 'The sea' }]);
  expect(await ask('chats.search', { query: '"); DROP TABLE turns; --' })).toEqual([]);
  await expect(ask('chats.rename', { id: chatId, title: '   ' })).rejects.toMatchObject({ code: 'rpc.invalidInput' });
});

test('chat.watch speaks when something happens to this chat, not for tokens and not for other chats', async () => {
  const { chatId } = await talk('Q', 'A');
  const seen: Chat[] = [];
  const abort = new AbortController();
  const watching = rpc.stream('chat.watch', { id: chatId }, (event) => seen.push(event), { signal: abort.signal });
  await expect.poll(() => seen).toHaveLength(1);
  await talk('elsewhere', 'x');
  await talk('Q2', 'many', chatId);
  await expect.poll(() => seen.at(-1)).toMatchObject({ running: false, turns: { length: 4 } });
  expect(seen.length).toBeLessThanOrEqual(3);
  abort.abort();
  await watching;
});

test('a page that joins mid-answer starts from the text in the chat and misses nothing', async () => {
  const { chatId, turnId } = await send('Q');
  last().say('one ');
  const turn = (await chat(chatId)).turns[1]!;
  expect(turn.text).toBe('one ');
  let text = turn.text;
  last().say('two ');
  const watching = rpc.stream('turn.watch', { turnId, from: { thinking: 0, text: text.length } }, (event) => {
    if (event.type === 'text') text = text.slice(0, event.at) + event.text;
  });
  last().say('three');
  last().end();
  expect(await watching).toMatchObject({ ok: true });
  expect(text).toBe('one two three');
});

test('after a restart everything is there, and an answer that was cut off says so', async () => {
  const { chatId } = await talk('Q', 'A');
  const cut = await send('Q2', chatId);
  last().say('half');
  close();
  open();
  expect(await shown(chatId)).toEqual(['Q', 'A', 'Q2', 'half']);
  expect(await ended(cut.turnId)).toMatchObject({ turn: { status: 'interrupted', text: 'half' } });
  await talk('Q3', 'B', chatId);
});

test('a SIGKILL of the app leaves the database whole, with the text of a second ago', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./killedApp.ts', import.meta.url)), join(folder, 'killed.db')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const chunk of child.stdout) {
    said += chunk;
    if (said.split('\n').length > 30) break;
  }
  const stored = said.trim().split('\n').length;
  child.kill('SIGKILL');
  await once(child, 'exit');

  close();
  db = openDatabase(join(folder, 'killed.db'), { error: (message) => expect.unreachable(message) });
  chats = createChats({ db, blobs, engine, settings: { get: () => settings }, log: createLog({ print: () => {} }) });
  const [here, there] = portPair();
  serve(core, chats.handlers as Handlers<Core>, here);
  rpc = connect(core, there);
  const [summary] = await list();
  const { turns } = await chat(summary!.id);
  expect(turns[1]).toMatchObject({ status: 'interrupted' });
  const numbers = turns[1]!.text.trim().split(' ').map(Number);
  expect(numbers).toEqual(numbers.map((_, n) => n));
  // The child stores every 20 ms and says a number every 10 ms.
  expect(numbers.length).toBeGreaterThan(stored / 3);
});
