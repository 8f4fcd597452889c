/** Opens the database of chats with our pragmas; one that is damaged is set aside, never deleted. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../../shared/result.ts';
import type { Log } from '../log.ts';
import { migrate } from './migrate.ts';

/** SQLITE_CORRUPT and SQLITE_NOTADB: https://sqlite.org/rescode.html */
const damaged = new Set([11, 26]);
/** SQLITE_BUSY */
const busy = 5;

/**
 * The database in `file`, made when missing, migrated, ready for use.
 * A damaged one is moved to `<file>.damaged-<time>` (with its -wal) and a new one begins, which the log says.
 * Throws `internal` with `reason: 'newer'` for one that a newer Atelier wrote and with `reason: 'running'` while another Atelier has
 * it, and SQLite's own error when the file cannot be opened.
 */
export function openDatabase(file: string, log?: Pick<Log, 'error'>): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true });
  try {
    return open(file);
  } catch (error) {
    if (code(error) === busy)
      throw new Fault('internal', `Atelier is already running on ${dirname(file)}. Use that one, or end it first.`, { reason: 'running' });
    if (!damaged.has(code(error))) throw error;
    const aside = setAside(file);
    log?.error('The database of chats is damaged; it was set aside and a new one begins', { file: aside, error });
    return open(file);
  }
}

function open(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: 1000 });
  try {
    // Two apps on one folder would each take the other's running answers for interrupted ones. The system gives the lock back, even after a kill.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; COMMIT');
    const verdict = db.prepare('PRAGMA quick_check(1)').get()?.quick_check;
    if (verdict !== 'ok') throw Object.assign(new Error(`quick_check: ${verdict}`), { errcode: 11 });
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite's primary code: the low byte, extended codes carry more above it. 0 for other errors. */
const code = (error: unknown): number => (error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0);

function setAside(file: string): string {
  const aside = `${file}.damaged-${new Date().toISOString().replaceAll(':', '-')}`;
  for (const end of ['-wal', '-shm', '']) if (existsSync(file + end)) renameSync(file + end, aside + end);
  return aside;
}
