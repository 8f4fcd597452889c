/** Room on the disk that is kept for a file before its bytes come. */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';

/** A file system that takes longer is one that writes zeros. */
const longestMs = 60_000;

/**
 * Takes the room of the file at `path`, which has its length of `bytes` already, so that nobody else gets it. Linux: by the program
 * `fallocate` of util-linux, as Node has no call for it; where the program is not there or the file system cannot (EOPNOTSUPP: NFS, FAT and
 * others), nothing is taken, and only the look at the free room before a start protects. Windows: NTFS takes the room with the length, so
 * nothing is left to do. macOS: APFS leaves a hole, and nothing that is there by default fills it without writing.
 * Errors: ENOSPC where there is not the room, with whatever could be taken.
 */
export async function reserve(path: string, bytes: number): Promise<void> {
  if (process.platform !== 'linux' || bytes === 0) return;
  const said = await new Promise<string>((resolve) => {
    execFile('fallocate', ['-l', `${bytes}`, path], { env: { ...process.env, LC_ALL: 'C' }, timeout: longestMs }, (error, _, stderr) =>
      resolve(error ? stderr : ''),
    );
  });
  if (/No space left on device|Disk quota exceeded/.test(said)) throw Object.assign(new Error(said.trim()), { code: 'ENOSPC' });
}

/** Bytes of the disk that the file at `path` has, at most its length: those that were written and those that are reserved. 0 where it is not there. */
export async function heldBytes(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found ? Math.min(found.size, found.blocks * 512) : 0;
}
