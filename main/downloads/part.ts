/** A file on its way: `<target>.part` with its bytes, and `<target>.part.json` with which of them are safely on the disk. */
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { writing } from './disk.ts';
import { writeDurably } from './durable.ts';

export const segmentSize = 64 * 1024 * 1024;
/** What a kill may cost at most, besides what is still in the transfer's buffer. */
const recordBytes = 8 * 1024 * 1024;

const count = z.int().check(z.nonnegative());
const journalSchema = z.object({
  v: z.literal(1),
  repo: z.string(),
  commit: z.string(),
  path: z.string(),
  size: count,
  sha256: z.nullable(z.string()),
  segmentSize: count,
  /** Numbers of the segments that are whole on the disk. */
  done: z.array(count),
  /** Of unfinished segments: how many of their first bytes are on the disk. */
  partial: z.record(z.string().check(z.regex(/^\d+$/)), count),
  /** ISO 8601. */
  startedAt: z.string(),
});
type Journal = z.infer<typeof journalSchema>;

/** What the bytes of a part belong to. */
export interface PartOf {
  repo: string;
  commit: string;
  path: string;
  /** Bytes. */
  size: number;
  sha256: string | undefined;
}

/** Bytes of a file, `end` not included. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface Part {
  /** Bytes written, in whatever order. */
  received(): number;
  /** The first bytes that are missing, at most to the end of their segment; undefined when the file is whole. */
  missing(): ByteRange | undefined;
  /** Writes at `position`, which must continue what its segment has. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Forgets these bytes: they are to be fetched again. */
  rewind(range: ByteRange): void;
  /** Forces what was written to the disk, then records it. */
  record(): Promise<void>;
  /** Records and lets go of the file. */
  close(): Promise<void>;
}

export const partPath = (target: string): string => `${target}.part`;
export const journalPath = (target: string): string => `${target}.part.json`;

/** Opens the part of `target` where it belongs to the same content, else begins a new one. Its errors and those of the part: download.diskFull, download.writing. */
export async function openPart(target: string, of: PartOf): Promise<Part> {
  return writing(
    target,
    () => of.size,
    () => begin(target, of),
  );
}

async function begin(target: string, of: PartOf): Promise<Part> {
  await mkdir(dirname(target), { recursive: true });
  const lengthOf = (segment: number): number => Math.min(segmentSize, of.size - segment * segmentSize);
  const known = await loadJournal(target, of);
  /** Bytes written of each segment, from its start. */
  const landed = new Map<number, number>();
  if (known) {
    for (const segment of known.done) landed.set(segment, lengthOf(segment));
    for (const [segment, bytes] of Object.entries(known.partial)) landed.set(Number(segment), bytes);
  }
  const handle = await open(partPath(target), known ? 'r+' : 'w');
  const startedAt = known?.startedAt ?? new Date().toISOString();
  let received = [...landed.values()].reduce((sum, bytes) => sum + bytes, 0);
  let unrecorded = 0;

  const onDisk = <T>(step: () => Promise<T>): Promise<T> => writing(target, () => of.size - received, step);
  const record = async (): Promise<void> => {
    const now = [...landed];
    unrecorded = 0;
    // A byte is recorded only when it cannot be lost any more: data first, then the journal.
    await handle.datasync();
    const journal: Journal = {
      v: 1,
      repo: of.repo,
      commit: of.commit,
      path: of.path,
      size: of.size,
      sha256: of.sha256 ?? null,
      segmentSize,
      done: now.filter(([segment, bytes]) => bytes === lengthOf(segment)).map(([segment]) => segment),
      partial: Object.fromEntries(now.filter(([segment, bytes]) => bytes > 0 && bytes < lengthOf(segment))),
      startedAt,
    };
    await writeDurably(journalPath(target), JSON.stringify(journal));
  };

  if (!known) {
    try {
      await handle.truncate(of.size);
      await record();
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  return {
    received: () => received,
    missing() {
      for (let segment = 0; segment * segmentSize < of.size; segment++) {
        const bytes = landed.get(segment) ?? 0;
        if (bytes < lengthOf(segment)) return { start: segment * segmentSize + bytes, end: segment * segmentSize + lengthOf(segment) };
      }
    },
    async write(bytes, position) {
      await onDisk(async () => {
        for (let written = 0; written < bytes.length; ) {
          const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
          written += bytesWritten;
        }
      });
      let whole = false;
      for (let at = position; at < position + bytes.length; ) {
        const segment = Math.floor(at / segmentSize);
        const had = landed.get(segment) ?? 0;
        if (at !== segment * segmentSize + had) throw new Error(`write at ${at} leaves a hole in segment ${segment}`);
        const end = Math.min(position + bytes.length, segment * segmentSize + lengthOf(segment));
        landed.set(segment, end - segment * segmentSize);
        received += end - at;
        unrecorded += end - at;
        whole ||= end === segment * segmentSize + lengthOf(segment);
        at = end;
      }
      if (whole || unrecorded >= recordBytes) await onDisk(record);
    },
    rewind({ start, end }) {
      for (const [segment, had] of landed) {
        const first = segment * segmentSize;
        if (first >= end || first + had <= start) continue;
        const kept = Math.max(0, start - first);
        landed.set(segment, kept);
        received -= had - kept;
      }
    },
    record: () => onDisk(record),
    close: () =>
      onDisk(async () => {
        try {
          await record();
        } finally {
          await handle.close();
        }
      }),
  };
}

/** Removes the part and its journal. */
export async function removePart(target: string): Promise<void> {
  await rm(partPath(target), { force: true });
  await rm(journalPath(target), { force: true });
}

/** Bytes of `target` that are safely in its part; 0 where there is none for this content. */
export async function partBytes(target: string, of: PartOf): Promise<number> {
  const journal = await loadJournal(target, of);
  if (!journal) return 0;
  const whole = journal.done.reduce((sum, segment) => sum + Math.min(segmentSize, of.size - segment * segmentSize), 0);
  return Object.values(journal.partial).reduce((sum, bytes) => sum + bytes, whole);
}

/** The journal, where it can be read, is about this content and makes sense. */
async function loadJournal(target: string, of: PartOf): Promise<Journal | undefined> {
  try {
    const journal = journalSchema.parse(JSON.parse(await readFile(journalPath(target), 'utf8')));
    const { size: onDisk } = await stat(partPath(target));
    const segments = Math.ceil(of.size / segmentSize);
    const seen = [...journal.done, ...Object.keys(journal.partial).map(Number)];
    const same =
      journal.repo === of.repo &&
      journal.size === of.size &&
      journal.sha256 === (of.sha256 ?? null) &&
      // Without a hash only the commit tells that the content is the same.
      (of.sha256 !== undefined || journal.commit === of.commit) &&
      journal.segmentSize === segmentSize;
    const sane =
      onDisk === of.size &&
      new Set(seen).size === seen.length &&
      seen.every((segment) => segment < segments) &&
      Object.entries(journal.partial).every(([segment, bytes]) => bytes < Math.min(segmentSize, of.size - Number(segment) * segmentSize));
    return same && sane ? journal : undefined;
  } catch {
    // No journal, or one that cannot be trusted: the part begins anew.
    return undefined;
  }
}
