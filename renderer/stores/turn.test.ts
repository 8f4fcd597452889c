/** The open chat over the real RPC: answers join at any point, lose nothing over a reload or a lost connection, and end once. */
import { expect, test } from 'vitest';
import { Fault } from '../../shared/result.ts';
import { answerTurn, chatOf, testCore, userTurn } from '../features/chat/testCore.ts';
import { advance, createTurnStore } from './turn.ts';

const question = userTurn('q', [{ type: 'text', text: 'Count' }]);
const running = answerTurn('a', '', { status: 'running' });
const whole = 'One, two, **three** — vier, cinq 6️⃣. Et après?';
const open = (core = testCore([chatOf([question, running])])) => {
  const store = createTurnStore(core.client);
  store.getState().open('c1');
  return { core, store, text: () => store.getState().answers.a?.text ?? store.getState().chat?.turns.at(-1)?.text };
};
const opened = async (core?: ReturnType<typeof testCore>) => {
  const all = open(core);
  await expect.poll(() => all.core.joins.length).toBe(1);
  return all;
};

test.each(Array.from({ length: whole.length + 1 }, (_, cut) => cut))('a page that joins after %d characters has them all', async (cut) => {
  const { core, store, text } = open(testCore([chatOf([question, { ...running, text: whole.slice(0, cut) }])]));
  await expect.poll(() => core.joins).toEqual([{ turnId: 'a', thinking: 0, text: cut }]);
  core.say('a', whole.slice(cut, cut + 3));
  core.say('a', whole.slice(cut + 3));
  await expect.poll(() => text()).toBe(whole);
  core.end('a');
  await expect.poll(() => store.getState().chat?.turns.at(-1)).toMatchObject({ status: 'done', text: whole });
  expect(store.getState().answers).toEqual({});
});

test('text that comes again takes its own place', () => {
  const answer = { thinking: 'Hm, well', text: 'One, two', prompt: { processed: 1, total: 2 } };
  expect(advance(answer, { type: 'text', at: 5, text: 'two, three' })).toEqual({ ...answer, text: 'One, two, three', prompt: undefined });
  expect(advance(answer, { type: 'thinking', at: 2, text: ', well, yes' })).toEqual({ ...answer, thinking: 'Hm, well, yes', prompt: undefined });
});

test('a lost connection goes on where it was', async () => {
  const { core, text } = await opened();
  core.say('a', 'Hm', 'thinking');
  core.say('a', 'One, ');
  await expect.poll(() => text()).toBe('One, ');
  core.cut();
  core.say('a', 'two, ');
  core.say('a', 'three');
  await expect.poll(() => text()).toBe('One, two, three');
  expect(core.joins.at(-1)).toEqual({ turnId: 'a', thinking: 2, text: 5 });
});

test('tells how much of the question is read until the answer begins', async () => {
  const { core, store } = await opened();
  core.prompt('a', 512, 1204);
  await expect.poll(() => store.getState().answers.a?.prompt).toEqual({ processed: 512, total: 1204 });
  core.say('a', 'So', 'thinking');
  await expect.poll(() => store.getState().answers.a).toEqual({ prompt: undefined, thinking: 'So', text: '' });
});

test('stop keeps the text and says stopped', async () => {
  const { core, store } = await opened();
  core.say('a', 'One, two');
  expect((await store.getState().stop('a')).ok).toBe(true);
  await expect.poll(() => store.getState().chat?.turns.at(-1)).toMatchObject({ status: 'stopped', text: 'One, two' });
});

test('a snapshot made before the end does not set the answer running again', async () => {
  const { core, store } = await opened();
  core.say('a', 'Done');
  core.end('a');
  await expect.poll(() => store.getState().chat?.running).toBe(false);
  core.show(chatOf([question, running]));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(store.getState().chat?.turns.at(-1)).toMatchObject({ status: 'done', text: 'Done' });
});

test('an answer goes on while another alternative is shown', async () => {
  const { core, store, text } = await opened();
  core.say('a', 'One, ');
  await expect.poll(() => text()).toBe('One, ');
  const chat = core.chats.get('c1')!;
  const other = answerTurn('b', 'Uno', { siblings: ['a', 'b'] });
  core.show({ ...chat, turns: [question, other] });
  await expect.poll(() => store.getState().chat?.turns.at(-1)?.id).toBe('b');
  core.show({ ...chat, turns: [question, { ...running, text: 'One, two', siblings: ['a', 'b'] }] });
  core.say('a', ', three');
  await expect.poll(() => store.getState().answers.a?.text).toBe('One, two, three');
});

test('opening another chat shows nothing of the first', async () => {
  const core = testCore([chatOf([question, running]), chatOf([], { id: 'c2' })]);
  const { store } = await opened(core);
  store.getState().open('c2');
  expect(store.getState()).toMatchObject({ chat: undefined, answers: {} });
  core.say('a', 'late');
  await expect.poll(() => store.getState().chat?.id).toBe('c2');
  expect(store.getState().answers).toEqual({});
});

test('a chat that is gone says so', async () => {
  const store = createTurnStore(testCore().client);
  store.getState().open('nowhere');
  await expect.poll(() => store.getState().error?.code).toBe('chat.notFound');
});

test('a refused send answers why and changes nothing', async () => {
  const { core, store } = await opened();
  core.fail('chat.send', new Fault('engine.notLoaded', 'No model is loaded'));
  const before = store.getState();
  expect(await store.getState().send([{ type: 'text', text: 'Hello' }])).toMatchObject({ ok: false, error: { code: 'engine.notLoaded' } });
  expect(store.getState()).toBe(before);
});

test('what is said for a chat is shown at once, and taken back where core refuses it', async () => {
  const { core, store } = await opened();
  const change = store.getState().changeSettings('c1', { set: { topK: 5 } });
  expect(store.getState().chat?.settings).toEqual({ topK: 5 });
  expect(await change).toMatchObject({ ok: true });
  core.fail('chat.settings', new Fault('chat.notFound', 'There is no such chat'));
  expect(await store.getState().changeSettings('c1', { set: { topK: 6 }, inherit: [] })).toMatchObject({ ok: false });
  expect(store.getState().chat?.settings).toEqual({ topK: 5 });
});
