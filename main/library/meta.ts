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

/** What was written down about `file`, whether or not it was changed since. */
export async function statedMeta(file: string): Promise<FileMeta | undefined> {
  try {
    return fileMeta.parse(JSON.parse(await readFile(metaPath(file), 'utf8')));
  } catch {
    return undefined;
  }
}

/** What is known about `file`; undefined when nothing is, or when the file was changed after it was written. */
export async function readMeta(file: string): Promise<FileMeta | undefined> {
  const meta = await statedMeta(file);
  const found = meta && (await stat(file).catch(() => undefined));
  return found && found.size === meta.size && found.mtimeMs <= Date.parse(meta.verifiedAt) + 1 ? meta : undefined;
}

/** Writes down where `file` came from. */
export function writeMeta(file: string, meta: FileMeta): Promise<void> {
  return writeDurably(metaPath(file), `${JSON.stringify(meta, null, 2)}\n`);
}

/** Forgets what was known about `file`. */
export function removeMeta(file: string): Promise<void> {
  return rm(metaPath(file), { force: true });
}
