/** Full-text search over titles, questions and answers. */
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod/mini';

export interface SearchIndex {
  /** Puts what a turn says into the index, in place of what it said before. `seq` is the turn's number. */
  turn(seq: number, text: string): void;
  /** The same for the title of a chat. */
  title(seq: number, text: string): void;
  /** Ids of the chats, deleted ones included, with a title or a turn that has a word beginning with each word of `query`. */
  find(query: string): Set<string>;
}

const hit = z.object({ id: z.string() });

/** The index inside `db`. */
export function createSearch(db: DatabaseSync): SearchIndex {
  const put = db.prepare('INSERT OR REPLACE INTO search (rowid, text) VALUES (?, ?)');
  // A turn counts while neither it nor anything above it is deleted.
  const find = db.prepare(`
    SELECT chats.id FROM search JOIN chats ON chats.seq = -search.rowid WHERE search MATCH $words
    UNION
    SELECT turns.chat_id FROM search JOIN turns ON turns.seq = search.rowid WHERE search MATCH $words AND NOT EXISTS (
      WITH RECURSIVE up (parent_id, deleted_at) AS (
        SELECT turns.parent_id, turns.deleted_at
        UNION ALL SELECT above.parent_id, above.deleted_at FROM up JOIN turns AS above ON above.id = up.parent_id
      )
      SELECT 1 FROM up WHERE deleted_at IS NOT NULL
    )`);

  return {
    turn: (seq, text) => void put.run(seq, text),
    title: (seq, text) => void put.run(-seq, text),
    find(query) {
      // Only letters and digits reach FTS5, each word quoted: nothing that a person types is syntax.
      const words = query.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
      if (words.length === 0) return new Set();
      const rows = find.all({ $words: words.map((word) => `"${word}"*`).join(' ') });
      return new Set(rows.map((row) => hit.parse(row).id));
    },
  };
}
