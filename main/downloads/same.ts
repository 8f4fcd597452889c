/** Content that is on this computer already is not fetched again. */
import { constants } from 'node:fs';
import { copyFile, type FileHandle, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../../shared/result.ts';
import { readMeta, removeMeta } from '../library/meta.ts';
import { freeBytes, writing } from './disk.ts';
import { syncFolder } from './durable.ts';
import { copyPath } from './journal.ts';
import { hashFile, hashWhileItGrows } from './verify.ts';

/** What is wanted, and where. */
export interface Wanted {
  /** Bytes. */
  size: number;
  sha256: string;
  /** Absolute. */
  target: string;
}

/** Files of the models folder by their sha256, as their meta files tell. */
export async function finishedIn(models: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const ending = '.gguf.meta.json';
  for (const name of await readdir(models, { recursive: true }).catch(() => [])) {
    if (!name.toLowerCase().endsWith(ending) || name.startsWith('.')) continue;
    const file = join(models, name.slice(0, -'.meta.json'.length));
    const sha256 = (await readMeta(file))?.sha256;
    if (sha256) found.set(sha256, file);
  }
  return found;
}

/**
 * Gives the content of `from`, a file of ours, a second name; a copy where the file system knows none. It is hashed first, as it may have
 * changed since it came: false where it has. `onBytes` hears how many bytes were compared. Errors: download.diskFull, download.writing; or the signal's reason.
 */
export async function linkOwn(from: string, { size, sha256, target }: Wanted, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<boolean> {
  if ((await hashFile(from, signal, onBytes)) !== sha256) return false;
  await linkTo(from, target, size);
  return true;
}

/** Gives `from`, whose content is known to be the right one, the name `target` too. Errors: download.diskFull, download.writing. */
export async function linkTo(from: string, target: string, size: number): Promise<void> {
  await drafted(target, size, async (draft) => {
    await link(from, draft).catch(() => copyFile(from, draft, constants.COPYFILE_FICLONE));
    return true;
  });
}

/**
 * Copies `from`, a file that others may change: never a second name of it. A file system that shares blocks needs neither time nor room.
 * False, with nothing left, where it cannot be read or is not what is wanted. Errors as of `linkOwn`.
 */
export async function copyForeign(from: string, { size, sha256, target }: Wanted, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<boolean> {
  const source = await open(from, 'r').catch(() => undefined);
  if (!source) return false;
  try {
    if ((await source.stat()).size !== size) return false;
    return await drafted(target, size, async (draft) => {
      const hash = hashWhileItGrows(draft);
      try {
        const shared = await copyFile(from, draft, constants.COPYFILE_FICLONE_FORCE).then(
          () => true,
          () => false,
        );
        const copied = (bytes: number): void => {
          hash.reach(bytes);
          onBytes(bytes);
        };
        if (!shared && !(await copyBytes(source, draft, size, signal, copied))) return false;
        return (await hash.digest(size, signal, onBytes)) === sha256;
      } finally {
        await hash.close();
      }
    });
  } finally {
    await source.close();
  }
}

/** False where the source cannot be read to its end. */
async function copyBytes(source: FileHandle, to: string, size: number, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<boolean> {
  const missing = size - (await freeBytes(dirname(to)));
  if (missing > 0) throw new Fault('download.diskFull', 'There is not enough room on the disk.', { missing });
  await rm(to, { force: true });
  const copy = await open(to, 'wx');
  let done = 0;
  try {
    for await (const chunk of source.createReadStream({ highWaterMark: 4 * 2 ** 20, autoClose: false })) {
      signal.throwIfAborted();
      await writing(
        to,
        () => size - done,
        () => copy.writeFile(chunk),
      );
      done += chunk.length;
      onBytes(done);
    }
    await copy.sync();
  } catch (error) {
    if (signal.aborted || error instanceof Fault) throw error;
    return false;
  } finally {
    await copy.close();
  }
  return done === size;
}

/** Makes a draft of `target` and gives it that name if it is good; else, and on an error, it is removed. */
async function drafted(target: string, size: number, make: (draft: string) => Promise<boolean>): Promise<boolean> {
  const draft = copyPath(target);
  return writing(
    target,
    () => size,
    async () => {
      await mkdir(dirname(target), { recursive: true });
      await rm(draft, { force: true });
      try {
        if (!(await make(draft))) return false;
        await removeMeta(target);
        await rename(draft, target);
      } finally {
        await rm(draft, { force: true });
      }
      await syncFolder(dirname(target));
      return true;
    },
  );
}
