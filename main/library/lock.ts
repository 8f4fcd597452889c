/** One Atelier at a time writes in a models folder: the app, or a command of its command line. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../../shared/result.ts';

/** What it takes to lock a folder; of no use when nobody does. */
export const lockFiles = ['.lock', '.lock-journal'];

/** SQLITE_BUSY */
const busy = 5;

/**
 * Takes the folder until the given function is called, or the process ends in whatever way: the system gives such a lock back, where a
 * file with a process id would stay. A folder that cannot be written in, or is on a drive that is not there, is not locked.
 * Errors: `library.locked` while another process has it.
 */
export function lockModels(folder: string): () => void {
  try {
    // Only the folder itself: what is above it may be where a drive is mounted.
    mkdirSync(folder);
  } catch {
    // It is there, or cannot be.
  }
  try {
    const db = new DatabaseSync(join(folder, '.lock'), { timeout: 0 });
    try {
      db.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      db.close();
      throw error;
    }
    return () => db.close();
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
    if (code !== busy) return () => {};
    throw new Fault('library.locked', `Another Atelier, or its command line, is working in ${folder}. Wait until it is done, or end it.`, { folder }, error);
  }
}
