/** A file that is what the Hub has: hashed while it arrives, and where the hash is another one, only what is wrong is fetched again. */
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { Fault } from '../../shared/result.ts';
import { type PartOf, partPath } from './journal.ts';
import { type ByteRange, openPart, removePart } from './part.ts';
import { type TransferOptions, transfer } from './transfer.ts';
import { type GrowingHash, hashWhileItGrows } from './verify.ts';

export interface FetchOptions extends TransferOptions {
  /** All bytes have arrived, and so many of them have been hashed. */
  onVerifying(bytes: number): void;
}

/** Segments that are fetched again at once, in search of a wrong one. */
const suspects = 4;

/**
 * Brings the part of `target` to its full size with the content that the Hub names, and answers its sha256; undefined where the Hub tells none.
 * Errors: those of a transfer; download.hashMismatch, with nothing kept, when what arrives twice is not what the Hub names.
 */
export async function fetchVerified(options: FetchOptions): Promise<string | undefined> {
  const { file, target, signal, onProgress, onVerifying } = options;
  const hash = hashWhileItGrows(partPath(target));
  try {
    const bring = (): Promise<string | undefined> =>
      transfer({
        ...options,
        onProgress(progress) {
          hash.reach(progress.prefix);
          onProgress?.(progress);
        },
      });
    const expected = await bring();
    if (!expected) return undefined;
    const of = { ...file, sha256: expected };
    const digest = (): Promise<string> => {
      onVerifying(0);
      return hash.digest(file.size, signal, onVerifying);
    };
    let actual = await digest();
    if (actual === expected) return expected;

    for (const ranges of await wrongOrSuspect(target, of)) {
      if (!(await fetchAgain(ranges, target, of, hash, bring))) continue;
      actual = await digest();
      if (actual === expected) return expected;
    }
    await removePart(target);
    onProgress?.({ received: 0, prefix: 0, reconnecting: 0 });
    throw new Fault('download.hashMismatch', 'What arrived is not what the Hub has.', { file: file.path, expected, actual });
  } finally {
    await hash.close();
  }
}

/** What to fetch again, step by step: first what is not on the disk as it arrived, then everything, as the network may have brought it wrong. */
async function wrongOrSuspect(target: string, of: PartOf): Promise<ByteRange[][]> {
  const part = await openPart(target, of);
  const segments = part.whole();
  await part.close();
  const changed: ByteRange[] = [];
  for (const segment of segments) if ((await checkOnDisk(target, segment)) !== segment.check) changed.push(segment);
  const steps: ByteRange[][] = changed.length > 0 ? [changed] : [];
  const others = segments.filter((segment) => !changed.includes(segment));
  for (let at = 0; at < others.length; at += suspects) steps.push(others.slice(at, at + suspects));
  return steps;
}

/** Fetches segments again; false when exactly the same bytes came. */
async function fetchAgain(ranges: ByteRange[], target: string, of: PartOf, hash: GrowingHash, bring: () => Promise<unknown>): Promise<boolean> {
  const checks = async (): Promise<(number | undefined)[]> => {
    const part = await openPart(target, of);
    const segments = part.whole();
    await part.close();
    return ranges.map(({ start }) => segments.find((segment) => segment.start === start)?.check);
  };
  const before = await Promise.all(ranges.map((range) => checkOnDisk(target, range)));
  const part = await openPart(target, of);
  for (const range of ranges) part.forget(range);
  hash.reach(part.prefix());
  // The journal knows of it before anything is written over.
  await part.close();
  await bring();
  const after = await checks();
  return after.some((check, index) => check !== before[index]);
}

/** CRC-32 of bytes as they lie in the part. */
async function checkOnDisk(target: string, { start, end }: ByteRange): Promise<number> {
  const handle = await open(partPath(target), 'r');
  try {
    const buffer = Buffer.allocUnsafe(Math.min(1024 * 1024, end - start));
    let check = 0;
    for (let at = start; at < end; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
      if (bytesRead === 0) throw new Error(`${partPath(target)} is shorter than it was`);
      check = crc32(buffer.subarray(0, bytesRead), check);
      at += bytesRead;
    }
    return check;
  } finally {
    await handle.close();
  }
}
