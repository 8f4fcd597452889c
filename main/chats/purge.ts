/** What was deleted goes for good: chats, messages, and pictures that none refers to any more. */
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod/mini';
import type { Blobs } from '../blobs/store.ts';
import { transaction } from '../db/transaction.ts';
import { createSearch } from './search.ts';

export interface Purge {
  /** Bytes of what is deleted: what `run` with now would free. */
  waiting(): Promise<{ texts: number; pictures: number }>;
  /**
   * Removes what was deleted until `until` (ms since 1970), and pictures that no turn refers to: not those of drafts. A chat that is
   * still being answered waits for the next time. Gives the ids of the chats that went.
   */
  run(until: number): Promise<string[]>;
  /** What was deleted more than 30 days before `now`. */
  expire(now: number): Promise<string[]>;
}

/** How long something deleted can come back. */
const keptMs = 30 * 24 * 60 * 60 * 1000;
/** A picture of a page that outlived the app's last run may still be in a draft. */
const draftMs = 24 * 60 * 60 * 1000;

/** Turns that go: deleted ones, what hangs below them, and all of a deleted chat. */
const gone = `WITH RECURSIVE gone (id) AS (
  SELECT turns.id FROM turns JOIN chats ON chats.id = turns.chat_id
  WHERE (turns.deleted_at <= $until OR chats.deleted_at <= $until)
    AND NOT EXISTS (SELECT 1 FROM turns AS other WHERE other.chat_id = chats.id AND other.status = 'running')
  UNION SELECT turns.id FROM turns JOIN gone ON turns.parent_id = gone.id)`;

const picture = z.object({ original: z.string(), sent: z.string() });
const numbered = z.object({ id: z.string(), seq: z.int() });
const sized = z.object({ bytes: z.nullable(z.number()) });

export function createPurge({ db, blobs }: { db: DatabaseSync; blobs: Pick<Blobs, 'undrafted' | 'remove'> }): Purge {
  const index = createSearch(db);
  const pictures = `SELECT DISTINCT part.value ->> '$.original' AS original, part.value ->> '$.sent' AS sent
    FROM turns, json_each(turns.parts) AS part WHERE part.value ->> '$.type' = 'image'`;
  const sql = {
    pictures: db.prepare(pictures),
    picturesAfter: db.prepare(`${gone} ${pictures} AND turns.id NOT IN gone`),
    texts: db.prepare(`${gone} SELECT sum(octet_length(parts) + octet_length(thinking) + octet_length(text)) AS bytes FROM turns WHERE id IN gone`),
    turns: db.prepare(`${gone} SELECT id, seq FROM turns WHERE id IN gone`),
    dropTurns: db.prepare(`${gone} DELETE FROM turns WHERE id IN gone`),
    chats: db.prepare('SELECT id, seq FROM chats WHERE deleted_at <= $until AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.chat_id = chats.id)'),
    dropChat: db.prepare('DELETE FROM chats WHERE id = ?'),
  };
  const named = (rows: unknown[]): Set<string> => new Set(rows.map((row) => picture.parse(row)).flatMap(({ original, sent }) => [original, sent]));
  const at = (until: number): { $until: string } => ({ $until: new Date(until).toISOString() });
  /** Pictures that none of those it `keeps` refers to: one that a turn `had` at once, another when no draft can have it any more. */
  const left = async (had: ReadonlySet<string>, keeps: () => unknown[]) => {
    const images = await blobs.undrafted();
    // Only now: somebody may have sent one meanwhile.
    const kept = db.isOpen ? named(keeps()) : undefined;
    return images.filter(({ sha256, changedAt }) => kept && !kept.has(sha256) && (had.has(sha256) || changedAt < Date.now() - draftMs));
  };

  const run = async (until: number): Promise<string[]> => {
    const had = named(sql.pictures.all());
    const turns = sql.turns.all(at(until)).map((row) => numbered.parse(row));
    const went = transaction(db, () => {
      for (const { seq } of turns) index.forget(seq);
      sql.dropTurns.run(at(until));
      const chats = sql.chats.all(at(until)).map((row) => numbered.parse(row));
      for (const { id, seq } of chats) {
        index.forget(-seq);
        sql.dropChat.run(id);
      }
      return chats.map(({ id }) => id);
    });
    // The words leave the files too, and their room comes back.
    if (turns.length + went.length > 0) db.exec("INSERT INTO search (search) VALUES ('optimize'); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    for (const { sha256 } of await left(had, () => sql.pictures.all())) blobs.remove(sha256);
    return went;
  };

  return {
    async waiting() {
      const now = at(Date.now());
      const unused = await left(named(sql.pictures.all()), () => sql.picturesAfter.all(now));
      return { texts: sized.parse(sql.texts.get(now)).bytes ?? 0, pictures: unused.reduce((sum, { size }) => sum + size, 0) };
    },
    run,
    expire: (now) => run(now - keptMs),
  };
}
