/** All of a piece of work in the database, or none of it. */
import type { DatabaseSync } from 'node:sqlite';

/** Runs `work` in a write transaction; an error undoes what it did and goes on to the caller. Not to be nested. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const value = work();
    db.exec('COMMIT');
    return value;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
