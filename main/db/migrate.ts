/** Brings a database to the newest schema, one numbered step at a time. */
import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '../../shared/result.ts';
import { migrations } from './migrations.ts';
import { transaction } from './transaction.ts';

/** How many steps a database has had, from its `user_version`. */
export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version);
}

/**
 * Applies the steps that `db` has not had, each with its number in one transaction, so a step that fails leaves the step before it.
 * Throws `internal` with `reason: 'newer'` when the database has had more steps than there are: a newer Atelier wrote it.
 */
export function migrate(db: DatabaseSync, steps: readonly string[] = migrations): void {
  const have = schemaVersion(db);
  if (have > steps.length)
    throw new Fault('internal', 'A newer version of Atelier wrote these chats. Update Atelier to open them; nothing was changed.', {
      reason: 'newer',
      version: have,
      known: steps.length,
    });
  for (let step = have; step < steps.length; step++)
    transaction(db, () => {
      db.exec(steps[step]!);
      db.exec(`PRAGMA user_version = ${step + 1}`);
    });
}
