/** A file on its way, in segments that arrive in any order: the one writer of its bytes and of its journal. */
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { writing } from './disk.ts';
import { copyPath, journalPath, type PartOf, partPath, readJournal, writeJournal } from './journal.ts';
import { heldBytes, reserve } from './reserve.ts';

export const segmentSize = 64 * 1024 * 1024;
/** Within a segment this much is written before it is recorded. */
const recordBytes = 16 * 1024 * 1024;

/** Bytes of a file, `end` not included. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface Part {
  /** Bytes written, in whatever order. */
  received(): number;
  /** Bytes written from the file's start, without a hole. */
  prefix(): number;
  /** The first missing bytes at or after `from`, at most to the end of their segment; undefined when there are none. */
  missing(from?: number): ByteRange | undefined;
  /** The first missing bytes that nobody has taken, to the end of their segment. */
  take(): ByteRange | undefined;
  /** Lets others take the rest of this range. */
  release(range: ByteRange): void;
  /** Writes at `position`, which must continue what its segment has. The end of a segment is recorded before this resolves. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Forgets the segments of these bytes: they are to be fetched again. */
  forget(range: ByteRange): void;
  /** The segments that are whole, with the CRC-32 of what arrived; undefined where an older version did not note it. */
  whole(): (ByteRange & { check: number | undefined })[];
  /** Records what is on the disk and lets go of the file. */
  close(): Promise<void>;
}

/** Bytes that the disk does not hold for the part of `target` yet. */
export const lackedBytes = async (target: string, size: number): Promise<number> => size - (await heldBytes(partPath(target)));

/**
 * Opens the part of `target` where it belongs to the same content, else begins a new one with segments of `size` bytes; the room of all of it
 * is reserved. Its errors and those of the part: download.diskFull, download.writing; of a new one nothing is left then.
 */
export async function openPart(target: string, of: PartOf, size = segmentSize): Promise<Part> {
  return writing(
    target,
    () => lackedBytes(target, of.size),
    () => begin(target, of, size),
  );
}

interface Segment {
  /** Bytes written, from its start. */
  bytes: number;
  /** CRC-32 of them, where it is known. */
  check: number | undefined;
}

async function begin(target: string, of: PartOf, wanted: number): Promise<Part> {
  await mkdir(dirname(target), { recursive: true });
  const known = await readJournal(target, of);
  const segmentSize = known?.segmentSize ?? wanted;
  const lengthOf = (index: number): number => Math.min(segmentSize, of.size - index * segmentSize);
  const segments: Segment[] = Array.from({ length: Math.ceil(of.size / segmentSize) }, () => ({ bytes: 0, check: 0 }));
  if (known) {
    for (const index of known.done) segments[index] = { bytes: lengthOf(index), check: known.checks?.[index] };
    for (const [index, bytes] of Object.entries(known.partial)) segments[Number(index)] = { bytes, check: known.checks?.[index] };
  }
  const taken = new Set<number>();
  const handle = await open(partPath(target), known ? 'r+' : 'w');
  const startedAt = known?.startedAt ?? new Date().toISOString();
  let received = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  /** Segments before this one are whole. */
  let wholeBefore = 0;
  let unrecorded = 0;
  let recorded: Promise<void> = Promise.resolve();
  let nextRecord: Promise<void> | undefined;
  let failed: { error: unknown } | undefined;

  const isWhole = (index: number): boolean => segments[index]!.bytes === lengthOf(index);
  const rest = (index: number): ByteRange => ({ start: index * segmentSize + segments[index]!.bytes, end: index * segmentSize + lengthOf(index) });
  const at = (position: number): number => Math.floor(position / segmentSize);
  const onDisk = <T>(step: () => Promise<T>): Promise<T> => writing(target, () => lackedBytes(target, of.size), step);
  const record = async (): Promise<void> => {
    unrecorded = 0;
    const now = segments.map(({ bytes, check }, index) => ({ index, bytes, check, whole: isWhole(index) })).filter(({ bytes }) => bytes > 0);
    // A byte is recorded only when it cannot be lost any more: data first, then the journal.
    await handle.datasync();
    await writeJournal(target, {
      v: 1,
      repo: of.repo,
      commit: of.commit,
      path: of.path,
      size: of.size,
      sha256: of.sha256 ?? null,
      segmentSize,
      done: now.filter(({ whole }) => whole).map(({ index }) => index),
      partial: Object.fromEntries(now.filter(({ whole }) => !whole).map(({ index, bytes }) => [index, bytes])),
      checks: Object.fromEntries(now.flatMap(({ index, check }) => (check === undefined ? [] : [[index, check]]))),
      startedAt,
    });
  };
  /** Records what is written by now, one record after the other. A failure comes out of the next write. */
  const recordSoon = (): Promise<void> => {
    if (!nextRecord) {
      nextRecord = recorded.then(() => {
        nextRecord = undefined;
        return onDisk(record).catch((error: unknown) => {
          failed = { error };
        });
      });
      recorded = nextRecord;
    }
    return nextRecord;
  };

  const throwFailure = (): void => {
    if (failed) throw failed.error;
  };

  try {
    if (!known) await handle.truncate(of.size);
    await reserve(partPath(target), of.size);
    if (!known) await record();
  } catch (error) {
    await handle.close();
    if (!known) await removePart(target);
    throw error;
  }

  const missing = (from = 0): ByteRange | undefined => {
    if (from >= of.size) return undefined;
    while (wholeBefore < segments.length && isWhole(wholeBefore)) wholeBefore++;
    for (let index = Math.max(wholeBefore, at(from)); index < segments.length; index++) if (!isWhole(index)) return rest(index);
    return undefined;
  };
  return {
    received: () => received,
    prefix: () => missing()?.start ?? of.size,
    missing,
    take() {
      for (let gap = missing(); gap; gap = missing(gap.end)) {
        if (taken.has(at(gap.start))) continue;
        taken.add(at(gap.start));
        return gap;
      }
    },
    release({ start }) {
      taken.delete(at(start));
    },
    async write(bytes, position) {
      throwFailure();
      await onDisk(async () => {
        for (let written = 0; written < bytes.length; ) {
          const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
          written += bytesWritten;
        }
      });
      let whole = false;
      for (let from = 0; from < bytes.length; ) {
        const index = at(position + from);
        const segment = segments[index]!;
        const gap = rest(index);
        if (position + from !== gap.start) throw new Error(`write at ${position + from} leaves a hole in segment ${index}`);
        const piece = bytes.subarray(from, from + gap.end - gap.start);
        if (segment.check !== undefined) segment.check = crc32(piece, segment.check);
        segment.bytes += piece.length;
        received += piece.length;
        unrecorded += piece.length;
        from += piece.length;
        whole ||= isWhole(index);
      }
      // Whoever brought a segment brings the next one when this one is safe: a kill costs no more than a segment for each.
      if (whole) await recordSoon();
      else if (unrecorded >= recordBytes) void recordSoon();
      throwFailure();
    },
    forget({ start, end }) {
      for (let index = at(start); index * segmentSize < end; index++) {
        received -= segments[index]!.bytes;
        segments[index] = { bytes: 0, check: 0 };
        wholeBefore = Math.min(wholeBefore, index);
      }
    },
    whole: () =>
      segments.flatMap(({ check }, index) => (isWhole(index) ? [{ start: index * segmentSize, end: index * segmentSize + lengthOf(index), check }] : [])),
    close: () =>
      onDisk(async () => {
        try {
          await recorded;
          await record();
        } finally {
          await handle.close();
        }
      }),
  };
}

/** Removes the part and its journal, and what is left of a copy. */
export async function removePart(target: string): Promise<void> {
  for (const path of [partPath(target), journalPath(target), copyPath(target)]) await rm(path, { force: true });
}
