/** Where the models folder is: where it began, or where the person moved it. Written down in `models.json` of the data folder. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';
import { writeDurably } from './downloads/durable.ts';
import { relativePath } from './library/bin.ts';
import type { Log } from './log.ts';
import type { Folders } from './platform.ts';
import { setAside } from './setAside.ts';

const absolutePath = z.string().check(z.refine(path.isAbsolute));
/** A move on its way: what it makes, and has to take away again where it is cut short. */
const journal = z.object({
  to: absolutePath,
  /** Absolute; those that were not there before. */
  folders: z.array(absolutePath),
  /** Files that were not there before, with their size in bytes and time of change in ms since 1970. */
  files: z.array(z.object({ path: relativePath, size: z.int(), changedAt: z.number() })),
});
export type MoveJournal = z.infer<typeof journal>;

const state = z.object({
  v: z.literal(1),
  /** Absent until it is moved for the first time. */
  folder: z.optional(absolutePath),
  /** Moves that did not come to their end. */
  unfinished: z._default(z.array(journal), []),
  /** Where it was before; `files`: those that are still to leave it. */
  former: z._default(z.array(z.object({ folder: absolutePath, files: z.array(relativePath) })), []),
});
export type ModelsState = z.infer<typeof state>;

export interface ModelsFolder {
  /** `models` is the folder as it is when it is asked. */
  folders: Folders;
  /** The environment names it, so that a move would not last. */
  fixed: boolean;
  get(): ModelsState;
  /** Changes what `change` names; on the disk, as a whole, when it resolves. Errors: those of the file system, with what was there kept. */
  set(change: Partial<ModelsState>): Promise<void>;
}

/** A file that cannot be read is set aside as `models.json.broken`, and the log says so: models may lie where nobody looks then. */
export function openModelsFolder(named: Folders, log?: Pick<Log, 'warn'>): ModelsFolder {
  const file = path.join(named.data, 'models.json');
  const fixed = named.modelsFixed === true;
  let current = read(file, log);
  return {
    folders: {
      data: named.data,
      cache: named.cache,
      get models() {
        return (fixed ? undefined : current.folder) ?? named.models;
      },
    },
    fixed,
    get: () => current,
    async set(change) {
      const next = { ...current, ...change };
      mkdirSync(named.data, { recursive: true });
      await writeDurably(file, `${JSON.stringify(next, null, 2)}\n`);
      current = next;
    },
  };
}

function read(file: string, log: Pick<Log, 'warn'> | undefined): ModelsState {
  try {
    return state.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (existsSync(file)) setAside(file, 'Where the models folder was moved to could not be read; the folder is where it began', error, log);
    return state.parse({ v: 1 });
  }
}
