/** `<file>.meta.json` beside a downloaded file: where it came from, and that its content was compared with the Hub's. */
import { readFile, rm, stat } from 'node:fs/promises';
import * as z from 'zod/mini';
import { writeDurably } from '../downloads/durable.ts';

const fileMeta = z.object({
  repo: z.string(),
  commit: z.string(),
  path: z.string(),
  /** Bytes. */
  size: z.int(),
  /** Absent where the Hub gave none: then nothing was compared. */
  sha256: z.optional(z.string()),
  /** ISO 8601. */
  verifiedAt: z.string(),
});
export type FileMeta = z.infer<typeof fileMeta>;

export const metaPath = (file: string): string => `${file}.meta.json`;

/** What is known about `file`; undefined when nothing is, or when the file was changed after it was written. */
export async function readMeta(file: string): Promise<FileMeta | undefined> {
  try {
    const meta = fileMeta.parse(JSON.parse(await readFile(metaPath(file), 'utf8')));
    const { size, mtimeMs } = await stat(file);
    return size === meta.size && mtimeMs <= Date.parse(meta.verifiedAt) + 1 ? meta : undefined;
  } catch {
    return undefined;
  }
}

/** Writes down where `file` came from. */
export function writeMeta(file: string, meta: FileMeta): Promise<void> {
  return writeDurably(metaPath(file), `${JSON.stringify(meta, null, 2)}\n`);
}

/** Forgets what was known about `file`. */
export function removeMeta(file: string): Promise<void> {
  return rm(metaPath(file), { force: true });
}
