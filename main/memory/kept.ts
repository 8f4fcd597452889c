/** A JSON file of what this machine taught us: nothing that could not be measured again, so a broken one is begun anew. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type * as z from 'zod/mini';

export interface Kept<T> {
  get(): T;
  /** Replaces the whole; written beside and renamed, so that there is always one whole file. A disk that refuses only makes it forget. */
  set(value: T): void;
}

/** Reads `file` once, `empty` where there is none or not one of `schema`. */
export function openKept<T>(file: string, schema: z.ZodMiniType<T>, empty: T): Kept<T> {
  let current = read(file, schema) ?? empty;
  return {
    get: () => current,
    set(value) {
      current = value;
      try {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(`${file}.new`, JSON.stringify(value), { mode: 0o600 });
        renameSync(`${file}.new`, file);
      } catch {
        // Kept for as long as the app runs.
      }
    },
  };
}

function read<T>(file: string, schema: z.ZodMiniType<T>): T | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
