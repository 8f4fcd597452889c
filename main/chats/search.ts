/** Full-text search over titles, questions and answers. */
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod/mini';

export interface SearchIndex {
  /** Puts what a turn says into the index, in place of what it said before. `seq` is the turn's number. */
  turn(seq: number, text: string): void;
  /** Takes a turn out of the index. */
  forget(seq: number): void;
  /** Puts the title of a chat into the index, in place of its old one. */
  title(seq: number, text: string): void;
  /** Ids of the chats with a title or a turn in the index that has a word beginning with each word of `query`. */
  find(query: string): Set<string>;
}

const hit = z.object({ id: z.string() });

/** The index inside `db`. */
export function createSearch(db: DatabaseSync): SearchIndex {
  const put = db.prepare('INSERT OR REPLACE INTO search (rowid, text) VALUES (?, ?)');
  const drop = db.prepare('DELETE FROM search WHERE rowid = ?');
  const find = db.prepare(`
    SELECT chats.id FROM search JOIN chats ON chats.seq = -search.rowid WHERE search MATCH $words
    UNION
    SELECT turns.chat_id FROM search JOIN turns ON turns.seq = search.rowid WHERE search MATCH $words`);

  return {
    turn: (seq, text) => void put.run(seq, text),
    forget: (seq) => void drop.run(seq),
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
