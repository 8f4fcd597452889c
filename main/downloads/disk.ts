/** The disk as a download sees it: how much room there is, and what a failed write means to a person. */
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../../shared/result.ts';

/** Bytes that this process may still write on the disk of `folder`, which must exist. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Runs a step that writes to the disk of `file`, which needs `missing()` more bytes of it.
 * Errors: download.diskFull with how many bytes more are needed, download.readOnly where nothing may be written, download.writing for anything
 * else that the file system refuses.
 */
export async function writing<T>(file: string, missing: () => number | Promise<number>, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === undefined || error instanceof Fault) throw error;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') {
      const folder = await nearestFolder(file);
      // On a read-only drive a folder that cannot be made is said to be missing.
      const closed = code === 'EROFS' || code === 'EACCES' || (await isClosed(folder));
      if (closed) throw new Fault('download.readOnly', `Nothing can be written in ${folder} (${code}).`, { folder }, error);
      throw new Fault('download.writing', `The file could not be written (${code}).`, { file, reason: code }, error);
    }
    const free = await freeBytes(dirname(file)).catch(() => 0);
    throw new Fault('download.diskFull', 'The disk is full.', { missing: Math.max(1, (await missing()) - free) }, error);
  }
}

/** The folder of `file`, or the first above it that is there. */
async function nearestFolder(file: string): Promise<string> {
  let folder = dirname(file);
  while (folder !== dirname(folder) && !(await stat(folder).catch(() => undefined))) folder = dirname(folder);
  return folder;
}

const isClosed = (folder: string): Promise<boolean> =>
  access(folder, constants.W_OK).then(
    () => false,
    () => true,
  );

/** The same for a step that needs no room, as it only changes names. */
export const changing = <T>(file: string, step: () => Promise<T>): Promise<T> => writing(file, () => 0, step);

/**
 * Tells with download.diskLow when the disk of `file` has less than `spare` bytes left; what is missing includes the `rest()`, the room that is still
 * to be taken. With download.writing when `file` is not there any more: the system would go on with one that has lost its name, for nothing.
 * Looks every second until it is ended.
 */
export function watchRoom(file: string, spare: number, rest: () => Promise<number>, onLost: (fault: Fault) => void): { end(): void } {
  const look = async (): Promise<void> => {
    const found = await stat(file).catch((error: NodeJS.ErrnoException) => error);
    if ('code' in found && (found.code === 'ENOENT' || found.code === 'ENOTDIR'))
      return onLost(new Fault('download.writing', 'The file was removed while it was written.', { file: file.replace(/\.part$/, ''), reason: found.code }));
    const free = await freeBytes(dirname(file));
    if (free < spare) onLost(new Fault('download.diskLow', 'The disk is nearly full.', { missing: spare + (await rest()) - free }));
  };
  // A disk that does not tell how full it is says so when it is written to.
  const timer = setInterval(() => void look().catch(() => {}), 1000);
  return { end: () => clearInterval(timer) };
}
