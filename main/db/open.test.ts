/** Opening, migrating, and what happens to a database that is damaged or too new. */
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate, schemaVersion } from './migrate.ts';
import { migrations } from './migrations.ts';
import { openDatabase } from './open.ts';

let folder: string;
let file: string;
const logged: { message: string; data: Record<string, unknown> | undefined }[] = [];
const log = { error: (message: string, data?: Record<string, unknown>): void => void logged.push({ message, data }) };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'db-'));
  file = join(folder, 'new', 'chats.db');
  logged.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Many pages, so that a middle one can be hurt. */
function fill(): void {
  const db = openDatabase(file);
  db.exec(`INSERT INTO chats (id, title, created_at, updated_at)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT 'chat ' || i, hex(randomblob(50)), '', '' FROM n`);
  db.close();
}

test('makes the folder and the file, with our pragmas and the newest schema', () => {
  const db = openDatabase(file);
  const pragma = (name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  expect([pragma('journal_mode'), pragma('foreign_keys'), pragma('busy_timeout'), pragma('synchronous')]).toEqual(['wal', 1, 1000, 1]);
  expect(schemaVersion(db)).toBe(migrations.length);
  db.close();
});

test('opening again changes nothing', () => {
  fill();
  const db = openDatabase(file, log);
  expect(db.prepare('SELECT count(*) AS n FROM chats').get()?.n).toBe(2000);
  expect(logged).toEqual([]);
  db.close();
});

test('a file that is no database is set aside with its bytes and a new one begins', () => {
  fill();
  writeFileSync(file, 'this is not a database, however long it may be; '.repeat(100));
  const db = openDatabase(file, log);
  expect(db.prepare('SELECT count(*) AS n FROM chats').get()?.n).toBe(0);
  const aside = String(logged[0]?.data?.file);
  expect(readFileSync(aside, 'utf8')).toContain('this is not a database');
  db.close();
});

test('a database with a damaged page inside is noticed and set aside whole', () => {
  fill();
  const before = statSync(file).size;
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(8192, 0xa5), 0, 8192, 4096 * 20);
  closeSync(handle);
  openDatabase(file, log).close();
  expect(statSync(String(logged[0]?.data?.file)).size).toBe(before);
  openDatabase(file, log).close();
  expect(logged).toHaveLength(1);
});

test('a newer database is refused with a clear error and left as it was', () => {
  fill();
  const newer = new DatabaseSync(file);
  newer.exec('PRAGMA user_version = 99');
  newer.close();
  expect(() => openDatabase(file, log)).toThrow(
    expect.objectContaining({
      code: 'internal',
      message: expect.stringContaining('newer version'),
      data: { reason: 'newer', version: 99, known: migrations.length },
    }),
  );
  expect(readdirSync(join(folder, 'new')).filter((name) => name.includes('damaged'))).toEqual([]);
  expect(new DatabaseSync(file).prepare('SELECT count(*) AS n FROM chats').get()?.n).toBe(2000);
});

test('a path that cannot be opened is an error, not a reason to move anything', () => {
  expect(() => openDatabase(folder, log)).toThrow(/unable to open/);
  expect(logged).toEqual([]);
});

test('migrations run in order, once each', () => {
  const db = new DatabaseSync(':memory:');
  const steps = ['CREATE TABLE a (x)', "INSERT INTO a VALUES ('two')"];
  migrate(db, steps);
  migrate(db, steps);
  migrate(db, [...steps, "INSERT INTO a VALUES ('three')"]);
  expect(
    db
      .prepare('SELECT x FROM a')
      .all()
      .map((row) => row.x),
  ).toEqual(['two', 'three']);
  expect(schemaVersion(db)).toBe(3);
});

test('a database of before chats had settings opens with its chats, which have none', () => {
  const old = new DatabaseSync(':memory:');
  migrate(old, migrations.slice(0, 2));
  old.exec("INSERT INTO chats (id, title, created_at, updated_at) VALUES ('c', 'kept', '', '')");
  migrate(old);
  expect(schemaVersion(old)).toBe(migrations.length);
  expect(old.prepare('SELECT title, settings FROM chats').get()).toEqual({ title: 'kept', settings: null });
});

test('a step that fails half way leaves the step before it', () => {
  const db = new DatabaseSync(':memory:');
  const good = 'CREATE TABLE a (x)';
  expect(() => migrate(db, [good, 'INSERT INTO a VALUES (1); INSERT INTO missing VALUES (1)'])).toThrow(/missing/);
  expect(schemaVersion(db)).toBe(1);
  expect(db.prepare('SELECT count(*) AS n FROM a').get()?.n).toBe(0);
  migrate(db, [good, 'INSERT INTO a VALUES (2)']);
  expect(db.prepare('SELECT x FROM a').get()?.x).toBe(2);
});

test('a second app on the same data is told so and harms nothing; after the first one it opens', () => {
  const first = openDatabase(file, log);
  first.exec("INSERT INTO chats (id, title, created_at, updated_at) VALUES ('c', 'kept', '', '')");
  expect(() => openDatabase(file, log)).toThrow(expect.objectContaining({ code: 'internal', data: { reason: 'running' } }));
  first.close();
  const second = openDatabase(file, log);
  expect(second.prepare('SELECT title FROM chats').get()).toEqual({ title: 'kept' });
  second.close();
  expect(logged).toEqual([]);
});
