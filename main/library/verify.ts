/** Reads files of the library again and compares them with what they should be. */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { LibraryModel } from '../../shared/schemas/library.ts';
import { hashFile } from '../downloads/verify.ts';
import { statedMeta, writeMeta } from './meta.ts';

export interface Verified {
  /** As the library names it. */
  path: string;
  /** Bytes. */
  size: number;
  /** `changed`: not what was downloaded; `unknown`: nobody wrote down what it should be. */
  state: 'same' | 'changed' | 'unknown' | 'unreadable';
  /** Of what is on the disk. */
  sha256?: string;
  expected?: string;
}

/** Bytes of all files together that were read, and which one is being read. */
type OnBytes = (done: number, path: string) => void;

/**
 * Reads every file of `models` once. What one should be is written beside it, or is its name in another app's store. A file of ours that
 * is the same counts as verified from then on, one that is not no more, where that can be written down. Errors: the signal's reason.
 */
export async function verifyFiles(folder: string, models: readonly LibraryModel[], signal: AbortSignal, onBytes: OnBytes): Promise<Verified[]> {
  const files = new Map(models.flatMap(({ files: own, projector }) => [...own, ...(projector ? [projector] : [])]).map((file) => [file.path, file]));
  const verified: Verified[] = [];
  let before = 0;
  for (const { path, size } of files.values()) {
    verified.push(await verifyFile(resolve(folder, path), { path, size }, signal, (bytes) => onBytes(before + bytes, path)));
    before += size;
  }
  return verified;
}

async function verifyFile(file: string, named: Pick<Verified, 'path' | 'size'>, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<Verified> {
  const meta = await statedMeta(file);
  // Names in Ollama's store and in Hugging Face's cache are hashes; in the latter only links lead to them.
  const expected = meta?.sha256 ?? /[\\/](?:sha256-)?([0-9a-f]{64})$/.exec(await realpath(file).catch(() => ''))?.[1];
  const sha256 = await hashFile(file, signal, onBytes).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof Error) return undefined;
    throw error;
  });
  if (!sha256) return { ...named, state: 'unreadable', ...(expected && { expected }) };
  if (!expected) return { ...named, state: 'unknown', sha256 };
  const same = sha256 === expected;
  // What the disk turned by itself has the time that it had: it counts as verified no more, and another download mends it.
  if (meta) await writeMeta(file, { ...meta, verifiedAt: (same ? new Date() : new Date(0)).toISOString() }).catch(() => {});
  if (!same) return { ...named, state: 'changed', sha256, expected };
  return { ...named, state: 'same', sha256, expected };
}
