/** Chats in the database: branches, undo, search, and what a reopened database gives back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Part } from '../../shared/schemas/chat.ts';
import { openDatabase } from '../db/open.ts';
import { statsOf } from './scriptedEngine.ts';
import { type ChatStore, createChatStore } from './store.ts';

let folder: string;
let db: DatabaseSync;
let store: ChatStore;
let clock: number;
const open = (): void => {
  db = openDatabase(join(folder, 'chats.db'));
  store = createChatStore(db, () => new Date(clock++ * 1000).toISOString());
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chats-'));
  clock = 0;
  open();
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const words = (text: string): Part[] => [{ type: 'text', text }];

/** Asks and answers; gives the ids. */
function talk(question: string, answer: string, chatId?: string, parent?: string | null): { chat: string; question: string; answer: string } {
  const at = parent === undefined ? (chatId === undefined ? null : store.head(chatId)) : parent;
  const asked = store.ask({ chatId, parent: at, parts: words(question), modelId: 'tiny' });
  store.end(asked.answer.id, { thinking: '', text: answer, status: 'done', stats: statsOf('end') });
  return { chat: asked.chatId, question: asked.question, answer: asked.answer.id };
}
const shown = (chat: string): string[] => store.chat(chat).turns.map((turn) => turn.text || turn.parts.map((part) => part.type === 'text' && part.text).join());
const titles = (query: string): string[] => store.search(query).map((chat) => chat.title);
const missing = (code: string): unknown => expect.objectContaining({ code });

test('a conversation comes back whole after the database was closed', () => {
  const image: Part = { type: 'image', original: 'a'.repeat(64), sent: 'b'.repeat(64), name: 'cat.webp', width: 3, height: 2, sentWidth: 3, sentHeight: 2 };
  const { chatId, answer } = store.ask({ chatId: undefined, parent: null, parts: [image, ...words('What is it?'), image], modelId: 'tiny' });
  store.end(answer.id, { thinking: 'Four legs.', text: 'A cat 🐈', status: 'done', stats: statsOf('end') });
  const before = store.chat(chatId);
  db.close();
  open();
  expect(store.chat(chatId)).toEqual(before);
  expect(before).toMatchObject({ title: 'What is it?', running: false });
  expect(before.turns).toMatchObject([
    { role: 'user', status: 'done', parts: [image, { type: 'text', text: 'What is it?' }, image], text: '' },
    { role: 'assistant', status: 'done', parts: [], thinking: 'Four legs.', text: 'A cat 🐈', modelId: 'tiny', stats: statsOf('end') },
  ]);
  expect(before.turns[0]).not.toHaveProperty('modelId');
});

test('what is said for a chat comes back; what is broken there does not take the chat along', () => {
  const { chatId } = store.ask({ chatId: undefined, parent: null, parts: words('Q'), modelId: 'tiny', settings: { systemPrompt: 'Be brief.', topK: 3 } });
  store.changeSettings(chatId, { set: { temperature: 0.1 }, inherit: ['topK'] });
  db.close();
  open();
  expect(store.settings(chatId)).toEqual({ systemPrompt: 'Be brief.', temperature: 0.1 });
  expect(store.chat(chatId).settings).toEqual(store.settings(chatId));
  for (const broken of ['{"temperature": 99}', 'no JSON', '[]']) {
    db.prepare('UPDATE chats SET settings = ?').run(broken);
    expect(store.chat(chatId)).toMatchObject({ settings: {}, turns: [{ role: 'user' }, { role: 'assistant' }] });
  }
});

test('the list shows the chat with the newest question first, and which is being answered', () => {
  const one = talk('one', '1');
  const two = talk('two', '2');
  expect(store.list().map(({ title }) => title)).toEqual(['two', 'one']);
  store.ask({ chatId: one.chat, parent: store.head(one.chat), parts: words('more'), modelId: 'tiny' });
  expect(store.list()).toMatchObject([
    { id: one.chat, running: true },
    { id: two.chat, running: false },
  ]);
});

test('another answer stands beside the old one, and both can be chosen', () => {
  const { chat, question, answer } = talk('Q', 'first');
  talk('Q2', 'below first', chat);
  const second = store.answer(question, 'other');
  store.end(second.id, { thinking: '', text: 'second', status: 'done' });
  expect(shown(chat)).toEqual(['Q', 'second']);
  expect(store.chat(chat).turns[1]).toMatchObject({ siblings: [answer, second.id], modelId: 'other' });
  store.choose(answer);
  expect(shown(chat)).toEqual(['Q', 'first', 'Q2', 'below first']);
  store.choose(second.id);
  expect(shown(chat)).toEqual(['Q', 'second']);
});

test('a changed first question is an alternative too, and names the chat until it is renamed', () => {
  const { chat, question } = talk('Qestion', 'A');
  const edited = talk('Question', 'B', chat, null);
  expect(store.chat(chat)).toMatchObject({ title: 'Question', turns: [{ siblings: [question, edited.question] }, {}] });
  store.rename(chat, 'Mine');
  talk('Third', 'C', chat, null);
  expect(store.chat(chat).title).toBe('Mine');
});

test('choosing goes to the latest end below', () => {
  const { chat, answer } = talk('Q', 'A');
  const left = talk('left', 'L', chat, answer);
  talk('right', 'R', chat, answer);
  talk('left again', 'LL', chat, left.answer);
  const other = store.answer(store.parent(answer)!, 'tiny');
  store.end(other.id, { thinking: '', text: 'other', status: 'done' });
  store.choose(answer);
  expect(shown(chat)).toEqual(['Q', 'A', 'left', 'L', 'left again', 'LL']);
});

test('a deleted turn takes what hangs below it, and undo brings all of it back', () => {
  const { chat } = talk('Q', 'A');
  const middle = talk('middle', 'M', chat);
  talk('end', 'E', chat);
  const before = shown(chat);
  expect(store.deleteTurn(middle.question)).toEqual({ chatId: chat, running: undefined });
  expect(shown(chat)).toEqual(['Q', 'A']);
  expect(() => store.turn(middle.answer)).toThrow(missing('turn.notFound'));
  store.restoreTurn(middle.question);
  expect(shown(chat)).toEqual(before);
});

test('deleting goes to the alternative beside; undo in any order gives everything back', () => {
  const { chat, question, answer } = talk('Q', 'first');
  const second = store.answer(question, 'tiny');
  store.end(second.id, { thinking: '', text: 'second', status: 'done' });
  store.deleteTurn(second.id);
  expect(shown(chat)).toEqual(['Q', 'first']);
  expect(store.chat(chat).turns[1]?.siblings).toEqual([answer]);
  store.deleteTurn(answer);
  expect(shown(chat)).toEqual(['Q']);
  store.deleteTurn(question);
  expect(shown(chat)).toEqual([]);
  expect(store.head(chat)).toBeNull();

  store.restoreTurn(answer);
  expect(store.head(chat)).toBeNull();
  store.restoreTurn(question);
  expect(shown(chat)).toEqual(['Q', 'first']);
  store.restoreTurn(second.id);
  expect(shown(chat)).toEqual(['Q', 'second']);
  expect(store.chat(chat).turns[1]?.siblings).toEqual([answer, second.id]);
});

test('a turn that is deleted off the path moves no one', () => {
  const { chat, question, answer } = talk('Q', 'first');
  const second = store.answer(question, 'tiny');
  store.end(second.id, { thinking: '', text: 'second', status: 'done' });
  const third = store.answer(question, 'tiny');
  store.end(third.id, { thinking: '', text: 'third', status: 'done' });
  store.deleteTurn(answer);
  expect(shown(chat)).toEqual(['Q', 'third']);
});

test('deleting tells of the answer that runs below, not of one elsewhere in the chat', () => {
  const { chat, question, answer } = talk('Q', 'first');
  const running = store.answer(question, 'tiny');
  expect(store.deleteTurn(answer).running).toBeUndefined();
  expect(store.deleteTurn(question)).toEqual({ chatId: chat, running: running.id });
});

test('a deleted chat is out of list, search and reach until it is restored', () => {
  const { chat, answer } = talk('whale', 'song');
  store.deleteChat(chat);
  expect(store.list()).toEqual([]);
  expect(store.search('whale')).toEqual([]);
  expect(() => store.chat(chat)).toThrow(missing('chat.notFound'));
  expect(() => store.turn(answer)).toThrow(missing('turn.notFound'));
  expect(() => store.deleteChat(chat)).toThrow(missing('chat.notFound'));
  store.restoreChat(chat);
  expect(shown(chat)).toEqual(['whale', 'song']);
  expect(titles('song')).toEqual(['whale']);
});

test('what is not there is said by code, and stores nothing', () => {
  const { chat } = talk('Q', 'A');
  const other = talk('other', 'A');
  for (const use of [store.chat, store.head, store.deleteChat, store.restoreChat]) expect(() => use('none')).toThrow(missing('chat.notFound'));
  for (const use of [store.turn, store.parent, store.path, store.choose, store.deleteTurn, store.restoreTurn])
    expect(() => use('none')).toThrow(missing('turn.notFound'));
  expect(() => store.rename('none', 'x')).toThrow(missing('chat.notFound'));
  expect(() => store.ask({ chatId: chat, parent: other.answer, parts: words('x'), modelId: 'tiny' })).toThrow(missing('turn.notFound'));
  expect(() => store.ask({ chatId: 'none', parent: null, parts: words('x'), modelId: 'tiny' })).toThrow(missing('chat.notFound'));
  expect(store.list()).toHaveLength(2);
  expect(shown(chat)).toEqual(['Q', 'A']);
});

test('the database itself allows one running answer in a chat', () => {
  const { chatId, question, answer } = store.ask({ chatId: undefined, parent: null, parts: words('Q'), modelId: 'tiny' });
  expect(store.running(chatId)).toBe(answer.id);
  expect(() => store.answer(question, 'tiny')).toThrow(/UNIQUE/);
  expect(shown(chatId)).toHaveLength(2);
});

test('answers that ran when the app was killed are interrupted with what was stored', () => {
  const { chatId, answer } = store.ask({ chatId: undefined, parent: null, parts: words('Count'), modelId: 'tiny' });
  store.progress(answer.id, 'Let me', 'one, two');
  db.close();
  open();
  expect(store.recover()).toBe(1);
  expect(store.chat(chatId)).toMatchObject({ running: false, turns: [{}, { status: 'interrupted', thinking: 'Let me', text: 'one, two' }] });
  expect(titles('two')).toEqual(['Count']);
  expect(store.recover()).toBe(0);
});

test('progress that comes after the end changes nothing', () => {
  const { answer } = talk('Q', 'whole');
  store.progress(answer, '', 'half');
  expect(store.turn(answer).text).toBe('whole');
});

test('search finds titles, questions and answers by the beginnings of words, in any case and accent', () => {
  const { chat } = talk('Où est la bibliothèque ?', 'Dans la rue Émile-Zola');
  talk('whales', 'They sing');
  store.rename(chat, 'Voyage');
  for (const query of ['BIBLIO', 'émile zola', 'emile', 'voy', 'est rue'])
    expect([query, titles(query)]).toEqual([query, query === 'est rue' ? [] : ['Voyage']]);
  expect(titles('thequ')).toEqual([]);
  expect(titles('  ')).toEqual(['whales', 'Voyage']);
});

test('search follows renames and leaves out what is deleted', () => {
  const { chat, answer } = talk('apple', 'A');
  const below = talk('pear', 'plum', chat);
  store.rename(chat, 'fruit');
  expect([titles('fruit'), titles('plum')]).toEqual([['fruit'], ['fruit']]);
  store.rename(chat, 'trees');
  expect([titles('fruit'), titles('trees')]).toEqual([[], ['trees']]);
  store.deleteTurn(below.question);
  expect(titles('plum')).toEqual([]);
  expect(titles('apple')).toEqual(['trees']);
  store.deleteTurn(answer);
  store.restoreTurn(below.question);
  expect(titles('plum')).toEqual([]);
  store.restoreTurn(answer);
  expect(titles('plum')).toEqual(['trees']);
});

test('an answer that ends after it was deleted is not found, until it is restored', () => {
  const { chatId, answer } = store.ask({ chatId: undefined, parent: null, parts: words('Q'), modelId: 'tiny' });
  store.deleteTurn(answer.id);
  store.end(answer.id, { thinking: '', text: 'walrus', status: 'stopped' });
  expect(titles('walrus')).toEqual([]);
  store.restoreTurn(answer.id);
  expect(titles('walrus')).toEqual(['Q']);
  expect(shown(chatId)).toEqual(['Q', 'walrus']);
});

test.each([
  '"',
  "'",
  '"" OR 1',
  'a AND',
  'NOT x',
  'NEAR(a b)',
  'text : a',
  '{text} : a',
  'a*b**',
  '^a',
  '(',
  ')))',
  '-',
  '+a -b',
  'x\0y',
  "'; DROP TABLE chats; --",
  '\\',
  '%_',
  '🐈',
  '\ud800',
  '('.repeat(200),
])('search takes %j as words and nothing else', (query) => {
  talk('harmless', 'text');
  expect(titles(query)).toEqual([]);
  expect(titles('harmless')).toEqual(['harmless']);
});

test('operators are words like others', () => {
  talk('this and that', 'or not');
  expect(titles('AND that')).toEqual(['this and that']);
  expect(titles('NOT')).toEqual(['this and that']);
  expect(titles('C++ "this" (that)')).toEqual([]);
  expect(titles('"this" (that)')).toEqual(['this and that']);
});

test('a row whose JSON was tampered with is refused, not passed on', () => {
  const { chat, question } = talk('Q', 'A');
  db.prepare('UPDATE turns SET parts = ? WHERE id = ?').run('[{"type":"script","text":"x"}]', question);
  expect(() => store.chat(chat)).toThrow();
});
