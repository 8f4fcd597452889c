/** What is safely on the disk of a file on its way: `<target>.part.json` beside `<target>.part`. */
import { readFile, stat } from 'node:fs/promises';
import * as z from 'zod/mini';
import { writeDurably } from './durable.ts';

const count = z.int().check(z.nonnegative());
const bySegment = z.record(z.string().check(z.regex(/^\d+$/)), count);
const journalSchema = z.object({
  v: z.literal(1),
  repo: z.string(),
  commit: z.string(),
  path: z.string(),
  size: count,
  sha256: z.nullable(z.string()),
  segmentSize: z.int().check(z.positive()),
  /** Numbers of the segments that are whole on the disk. */
  done: z.array(count),
  /** Of unfinished segments: how many of their first bytes are on the disk. */
  partial: bySegment,
  /** CRC-32 of what arrived of each segment: tells which one is other than it was. Journals of older versions lack it. */
  checks: z.optional(bySegment),
  /** ISO 8601. */
  startedAt: z.string(),
});
export type Journal = z.infer<typeof journalSchema>;

/** What the bytes of a part belong to. */
export interface PartOf {
  repo: string;
  commit: string;
  path: string;
  /** Bytes. */
  size: number;
  sha256: string | undefined;
}

export const partPath = (target: string): string => `${target}.part`;
export const journalPath = (target: string): string => `${target}.part.json`;
/** A copy from elsewhere on this computer on its way; by its ending one of those files that a kill may leave behind. */
export const copyPath = (target: string): string => `${target}.copy.part`;

/** Replaces the journal of `target`; what it names must be on the disk by then. Errors: those of the file system. */
export const writeJournal = (target: string, journal: Journal): Promise<void> => writeDurably(journalPath(target), JSON.stringify(journal));

/** The journal of `target`, where it can be read, is about this content and makes sense. */
export async function readJournal(target: string, of: PartOf): Promise<Journal | undefined> {
  try {
    const journal = journalSchema.parse(JSON.parse(await readFile(journalPath(target), 'utf8')));
    const { size: onDisk } = await stat(partPath(target));
    const segments = Math.ceil(of.size / journal.segmentSize);
    const seen = [...journal.done, ...Object.keys(journal.partial).map(Number)];
    const same =
      journal.repo === of.repo &&
      journal.size === of.size &&
      journal.sha256 === (of.sha256 ?? null) &&
      // Without a hash only the commit tells that the content is the same.
      (of.sha256 !== undefined || journal.commit === of.commit);
    const sane =
      onDisk === of.size &&
      new Set(seen).size === seen.length &&
      seen.every((segment) => segment < segments) &&
      Object.entries(journal.partial).every(([segment, bytes]) => bytes < Math.min(journal.segmentSize, of.size - Number(segment) * journal.segmentSize));
    return same && sane ? journal : undefined;
  } catch {
    // No journal, or one that cannot be trusted: the part begins anew.
    return undefined;
  }
}

/** Bytes of `target` that are safely in its part; 0 where there is none for this content. */
export async function partBytes(target: string, of: PartOf): Promise<number> {
  const journal = await readJournal(target, of);
  if (!journal) return 0;
  const whole = journal.done.reduce((sum, segment) => sum + Math.min(journal.segmentSize, of.size - segment * journal.segmentSize), 0);
  return Object.values(journal.partial).reduce((sum, bytes) => sum + bytes, whole);
}
