/** A process for a test to kill: answers without end into the database that its argument names, and prints each number that it says. */

import { defaultSettings } from '../../shared/schemas/settings.ts';
import { createBlobs } from '../blobs/store.ts';
import { openDatabase } from '../db/open.ts';
import { createLog } from '../log.ts';
import type { AnswerEngine } from './asking.ts';
import { createChats } from './service.ts';

const file = process.argv[2]!;

const engine: AnswerEngine = {
  modelId: () => 'tiny',
  ready: async () => {},
  slots: () => 1,
  stop: async () => {},
  ledger: () => Promise.reject(new Error('Nobody asks')),
  generate(_, __, on) {
    let n = 0;
    setInterval(() => {
      on({ type: 'text', text: `${n} ` });
      console.log(n++);
    }, 10);
    return new Promise(() => {});
  },
};

const { handlers } = createChats({
  db: openDatabase(file),
  blobs: createBlobs(`${file}.blobs`),
  engine,
  settings: { get: () => defaultSettings },
  log: createLog(),
  saveEveryMs: 20,
});
await handlers['chat.send']({ parts: [{ type: 'text', text: 'Count' }], thinking: false }, { signal: new AbortController().signal });
