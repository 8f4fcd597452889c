/** Takes files to another folder under draft names: copied and read back, or by a second name where that is possible. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, link, lstat, lutimes, open, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { syncFolder } from '../downloads/durable.ts';
import { hashFile } from '../downloads/verify.ts';
import { type Ahead, type Carried, cannotMove } from './movePlan.ts';

export interface CarryOptions {
  signal: AbortSignal;
  /** Bytes done, of twice those of the plan: written, then read back. */
  onBytes(done: number): void;
  /** The sha256 that a file has, where it is known. */
  known(path: string): string | undefined;
}

const zeros = Buffer.alloc(2 ** 20);

export const draftOf = (file: string): string => `${file}.moving`;

/**
 * Brings all files of `ahead` under draft names; the folders are there. What is copied has the sha256 of what was read, that being the known one;
 * what was there before has the same bytes. Gives the sha256 of what was read. Errors: library.cannotMove, those of the file system, the signal's reason.
 */
export async function carry(ahead: Ahead, { signal, onBytes, known }: CarryOptions): Promise<Map<string, string>> {
  const { from, to, there } = ahead;
  const brought = new Map<string, string>();
  const read = new Map<string, string>();
  const copied: Carried[] = [];
  let done = 0;
  const step = (bytes: number): void => onBytes(done + bytes);

  for (const file of ahead.files) {
    signal.throwIfAborted();
    const [source, target] = [join(from, file.path), join(to, file.path)];
    const draft = draftOf(target);
    if (file.link !== undefined) {
      await bringLink(ahead, file, target, draft);
      continue;
    }
    if (there.has(file.path)) continue;
    const first = brought.get(file.inode);
    const named = await secondName(first ?? (ahead.sameDrive ? source : undefined), draft);
    if (!named) {
      const sha256 = await copy(source, draft, file, signal, step);
      const expected = known(file.path);
      const { mtimeMs } = await lstat(source);
      if (mtimeMs !== file.changedAt) throw cannotMove('changed', `${file.path} was changed meanwhile.`, { file: file.path });
      if (expected !== undefined && expected !== sha256)
        throw cannotMove('damaged', `${file.path} is not what it was when it was downloaded.`, { file: file.path });
      read.set(file.path, sha256);
      copied.push(file);
    }
    if (first === undefined) done += file.size * (named ? 2 : 1);
    brought.set(file.inode, draft);
  }
  // All of it is written first, so that what is read back comes from the drive where memory cannot hold it.
  const counted = new Set<string>();
  for (const file of ahead.files) {
    if (!there.has(file.path) || file.link !== undefined) continue;
    const sha256 = await hashOf(join(to, file.path), file.size, signal);
    if (sha256 !== (await hashOf(join(from, file.path), file.size, signal)))
      throw cannotMove('collides', `There is another ${file.path} in ${to}.`, { file: file.path, folder: to });
    if (!brought.has(file.inode) && !counted.has(file.inode)) done += 2 * file.size;
    counted.add(file.inode);
    step(0);
  }
  for (const file of copied) {
    const sha256 = await hashOf(draftOf(join(to, file.path)), file.size, signal, step);
    if (sha256 !== read.get(file.path)) throw cannotMove('miscopied', `The copy of ${file.path} is not what was written.`, { file: file.path });
    done += file.size;
  }
  return read;
}

/** Gives the drafts their names, for good when it resolves. Errors: library.cannotMove where something came between; those of the file system. */
export async function publish({ to, files, there, folders }: Ahead): Promise<void> {
  const touched = new Set(folders.map(dirname));
  for (const { path } of files) {
    if (there.has(path)) continue;
    const target = join(to, path);
    if (await lstat(target).catch(() => undefined)) throw cannotMove('collides', `There is another ${path} in ${to}.`, { file: path, folder: to });
    await rename(draftOf(target), target);
    touched.add(dirname(target));
  }
  for (const folder of touched) await syncFolder(folder);
}

/** A second name of a file, where the file system has such. */
async function secondName(of: string | undefined, name: string): Promise<boolean> {
  if (of === undefined) return false;
  await rm(name, { force: true });
  return link(of, name).then(
    () => true,
    () => false,
  );
}

/** The sha256 of what was read. The copy is on the disk when it resolves, with the source's time of change, which tells what is known about it. */
async function copy(from: string, to: string, { changedAt }: Carried, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  const { mode } = await stat(from);
  await rm(to, { force: true });
  const handle = await open(to, 'wx', mode);
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(from, { highWaterMark: zeros.length }) as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      hash.update(chunk);
      // An unfinished download is mostly holes; they stay holes.
      if (!zeros.subarray(0, chunk.length).equals(chunk)) await writeAt(handle, chunk, bytes);
      bytes += chunk.length;
      onBytes(bytes);
    }
    await handle.truncate(bytes);
    await handle.utimes(changedAt / 1000, changedAt / 1000);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

async function writeAt(handle: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, position + written);
    written += bytesWritten;
  }
}

/** A link to what lies in the folder leads to where that lies then; any other to where it led. */
async function bringLink({ from, to, there }: Ahead, { path, link: leads = '', changedAt }: Carried, target: string, draft: string): Promise<void> {
  const end = resolve(dirname(join(from, path)), leads);
  const within = end.startsWith(from + sep);
  const next = within ? (isAbsolute(leads) ? join(to, relative(from, end)) : leads) : end;
  if (there.has(path)) {
    if ((await readlink(target)) !== next) throw cannotMove('collides', `There is another ${path} in ${to}.`, { file: path, folder: to });
    return;
  }
  await rm(draft, { force: true });
  await symlink(next, draft);
  await lutimes(draft, changedAt / 1000, changedAt / 1000);
}

/** In a worker thread, but for what is read faster than one is started. */
async function hashOf(file: string, size: number, signal: AbortSignal, onBytes?: (bytes: number) => void): Promise<string> {
  signal.throwIfAborted();
  if (size > 2 ** 20) return hashFile(file, signal, onBytes);
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

/** What a move to `to` says of an error of the file system; which lacks `missing` bytes where it is full. */
export function moveFault(error: unknown, to: string, missing: number): unknown {
  const { code, path } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return cannotMove('noRoom', 'There is not enough room.', { missing, folder: to }, error);
  const file = basename(path ?? to).replace(/\.moving$/, '');
  if ((code === 'EACCES' || code === 'EPERM' || code === 'EROFS') && (path ?? to).startsWith(to))
    return cannotMove('notWritable', `Nothing can be written in ${to}.`, { folder: to }, error);
  return cannotMove('failed', `${file} could not be copied (${code}).`, { file, code }, error);
}
