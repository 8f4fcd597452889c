/** The schema, one numbered step after another. A step that has been released is never changed. */

export const migrations: readonly string[] = [
  // 1: chats as trees of turns. `seq` is the order in time, and the document number of the full-text index:
  // turns as they are, chats (their titles) as negative numbers. The index keeps no copy of the text.
  `
  CREATE TABLE chats (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    renamed INTEGER NOT NULL DEFAULT 0,
    head TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT
  ) STRICT;

  CREATE TABLE turns (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    parent_id TEXT REFERENCES turns (id),
    role TEXT NOT NULL,
    parts TEXT NOT NULL,
    thinking TEXT NOT NULL DEFAULT '',
    text TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    stats TEXT,
    error TEXT,
    model_id TEXT,
    created_at TEXT NOT NULL,
    deleted_at TEXT
  ) STRICT;
  CREATE INDEX turns_of_chat ON turns (chat_id, seq);
  CREATE UNIQUE INDEX turns_running ON turns (chat_id) WHERE status = 'running';

  CREATE VIRTUAL TABLE search USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
  `,
  // 2: what an answer was given without, as JSON.
  'ALTER TABLE turns ADD COLUMN dropped TEXT',
  // 3: what is said for one chat alone, as JSON.
  'ALTER TABLE chats ADD COLUMN settings TEXT',
];
