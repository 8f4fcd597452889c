/** The sha256 of files that were read once, kept for as long as they are not changed. */
import { join } from 'node:path';
import * as z from 'zod/mini';
import { openKept } from '../memory/kept.ts';

const known = z.object({ v: z.literal(1), files: z.record(z.string(), z.object({ size: z.int(), changedAt: z.number(), sha256: z.string() })) });

interface State {
  /** Bytes. */
  size: number;
  /** Milliseconds since 1970. */
  changedAt: number;
}

export interface Hashes {
  /** Undefined where the file was never read, or was changed since. */
  get(file: string, state: State): string | undefined;
  set(file: string, state: State, sha256: string): void;
}

/** Kept in `<cacheFolder>/hashes.json`. */
export function createHashes(cacheFolder: string): Hashes {
  const kept = openKept(join(cacheFolder, 'hashes.json'), known, { v: 1, files: {} });
  return {
    get(file, { size, changedAt }) {
      const found = kept.get().files[file];
      return found?.size === size && found.changedAt === changedAt ? found.sha256 : undefined;
    },
    set: (file, { size, changedAt }, sha256) => kept.set({ v: 1, files: { ...kept.get().files, [file]: { size, changedAt, sha256 } } }),
  };
}
