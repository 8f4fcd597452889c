/** What is deleted for good, what comes back until then, and which pictures stay. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ImagePart, Part } from '../../shared/schemas/chat.ts';
import { type Blobs, createBlobs } from '../blobs/store.ts';
import { openDatabase } from '../db/open.ts';
import { createPurge, type Purge } from './purge.ts';
import { statsOf } from './scriptedEngine.ts';
import { type ChatStore, createChatStore } from './store.ts';

const day = 24 * 60 * 60 * 1000;
let folder: string;
let db: DatabaseSync;
let blobs: Blobs;
let store: ChatStore;
let purge: Purge;
/** What the store takes for now, in ms. */
let now: number;

const open = (): void => {
  db = openDatabase(join(folder, 'chats.db'));
  blobs = createBlobs(join(folder, 'blobs'));
  store = createChatStore(db, () => new Date(now).toISOString());
  purge = createPurge({ db, blobs });
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'purge-'));
  now = Date.now() - 10_000;
  open();
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const words = (text: string): Part[] => [{ type: 'text', text }];
async function picture(colour: number): Promise<ImagePart> {
  const original = (await blobs.put(Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(500, colour)]))).sha256;
  const sent = (await blobs.put(Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(500, colour)]))).sha256;
  return { type: 'image', original, sent, name: 'a.gif', width: 1, height: 1, sentWidth: 1, sentHeight: 1 };
}
/** Asks as the service does, and answers. */
function talk(parts: Part[], chatId?: string): { chat: string; question: string; answer: string } {
  const { chatId: chat, question, answer } = store.ask({ chatId, parent: chatId === undefined ? null : store.head(chatId), parts, modelId: 'm' });
  blobs.sent(parts.flatMap((part) => (part.type === 'image' ? [part.original, part.sent] : [])));
  store.end(answer.id, { thinking: '', text: 'Answer', status: 'done', stats: statsOf('end') });
  return { chat, question, answer: answer.id };
}
const stored = ({ original, sent }: ImagePart): boolean[] => [existsSync(blobs.path(original)), existsSync(blobs.path(sent))];
const count = (table: string): unknown => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;

test('a chat deleted for more than thirty days goes with its turns, its words and its pictures; a newer one comes back', async () => {
  const old = await picture(1);
  const newer = await picture(2);
  const gone = talk([old, ...words('ancient zeppelin')]);
  const back = talk([newer, ...words('recent balloon')]);
  const kept = talk(words('kite'));
  now = Date.now() - 31 * day;
  store.deleteChat(gone.chat);
  now = Date.now() - 29 * day;
  store.deleteChat(back.chat);
  expect(await purge.expire(Date.now())).toEqual([gone.chat]);
  expect(stored(old)).toEqual([false, false]);
  expect(stored(newer)).toEqual([true, true]);
  expect(() => store.restoreChat(gone.chat)).toThrow(expect.objectContaining({ code: 'chat.notFound' }));
  store.restoreChat(back.chat);
  expect(store.search('').map(({ id }) => id)).toEqual(expect.arrayContaining([back.chat, kept.chat]));
  expect([store.search('zeppelin'), store.search('balloon').length]).toEqual([[], 1]);
  expect([count('chats'), count('turns')]).toEqual([2, 4]);
});

test('all that is deleted goes when it is asked for, and leaves no word in the file', async () => {
  const { chat } = talk([await picture(1), ...words('a secret wordlet '.repeat(50))]);
  const { chat: stays } = talk(words('stays'));
  store.deleteChat(chat);
  const { texts, pictures } = await purge.waiting();
  expect(texts).toBeGreaterThan(17 * 50);
  expect(pictures).toBe(506 + 508);
  expect(await purge.run(Date.now())).toEqual([chat]);
  expect(await purge.waiting()).toEqual({ texts: 0, pictures: 0 });
  expect(store.list().map(({ id }) => id)).toEqual([stays]);
  const files = readdirSync(folder).filter((name) => name.startsWith('chats.db'));
  for (const file of files) expect(readFileSync(join(folder, file)).includes('wordlet'), file).toBe(false);
});

test('a deleted message goes with what hangs below it; the rest of its chat stays as it is', async () => {
  const one = talk(words('one'));
  const shown = await picture(1);
  const two = talk([shown, ...words('two')], one.chat);
  talk(words('three'), one.chat);
  store.deleteTurn(two.question);
  expect(await purge.run(Date.now())).toEqual([]);
  expect([count('turns'), stored(shown)]).toEqual([2, [false, false]]);
  expect(store.chat(one.chat).turns.map(({ id }) => id)).toEqual([one.question, one.answer]);
});

test('a picture of two chats stays as long as one refers to it', async () => {
  const shared = await picture(1);
  const first = talk([shared]);
  const second = talk([await picture(1)]);
  store.deleteChat(first.chat);
  await purge.run(Date.now());
  expect(stored(shared)).toEqual([true, true]);
  store.deleteChat(second.chat);
  await purge.run(Date.now());
  expect(stored(shared)).toEqual([false, false]);
});

test('a picture in a draft stays while the app runs, also one that a deleted chat had', async () => {
  const draft = await picture(1);
  for (const sum of [draft.original, draft.sent]) utimesSync(blobs.path(sum), 0, 0);
  await purge.expire(Date.now());
  expect(stored(draft)).toEqual([true, true]);

  const { chat } = talk([draft]);
  await picture(1);
  store.deleteChat(chat);
  await purge.run(Date.now());
  expect(stored(draft)).toEqual([true, true]);
  talk([draft]);

  // What was never sent is looked for when the app starts again, and goes when it is a day old.
  const forgotten = await picture(2);
  const fresh = await picture(3);
  for (const sum of [forgotten.original, forgotten.sent]) utimesSync(blobs.path(sum), 0, 0);
  db.close();
  open();
  await purge.expire(Date.now());
  expect([stored(draft), stored(forgotten), stored(fresh)]).toEqual([
    [true, true],
    [false, false],
    [true, true],
  ]);
});

test('a deleted chat that is still being answered waits', async () => {
  const { chatId } = store.ask({ chatId: undefined, parent: null, parts: words('long'), modelId: 'm' });
  store.deleteChat(chatId);
  expect(await purge.run(Date.now())).toEqual([]);
  store.recover();
  expect(await purge.run(Date.now())).toEqual([chatId]);
});
