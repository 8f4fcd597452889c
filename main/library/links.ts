/** A file gets a second name, or a second copy. */
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { copyFile, link, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Fault } from '../../shared/result.ts';
import { changing, freeBytes, writing } from '../downloads/disk.ts';
import { syncFolder } from '../downloads/durable.ts';

/** A second name of what lies at `from`, of the file itself where that is a link. Errors: `library.cannotLink` on another drive, or on one whose file system has no hard links; download.diskFull, download.readOnly, download.writing. */
export async function hardLink(from: string, to: string): Promise<void> {
  await changing(to, async () => {
    try {
      await link(await realpath(from), to);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EXDEV' || code === 'EPERM' || code === 'ENOTSUP' || code === 'EMLINK')
        throw new Fault('library.cannotLink', 'A file can have a second name only on its own drive.', { file: to }, error);
      throw error;
    }
  });
}

/**
 * Copies a file; under its own name only once it is whole and on the disk. `onBytes` hears how many bytes have been copied.
 * Errors: download.diskFull, download.writing; the signal's reason, leaving nothing.
 */
export async function copyWhole(from: string, to: string, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<void> {
  const draft = `${to}.importing`;
  const { size } = await stat(from);
  const missing = size - (await freeBytes(dirname(to)));
  await writing(
    to,
    () => size,
    async () => {
      try {
        // A file system that shares blocks needs neither time nor room.
        const shared = await copyFile(from, draft, constants.COPYFILE_FICLONE_FORCE).then(
          () => true,
          () => false,
        );
        if (!shared) {
          await rm(draft, { force: true });
          if (missing > 0) throw new Fault('download.diskFull', 'There is not enough room on the disk.', { missing });
          await copyBytes(from, draft, signal, onBytes);
        }
        signal.throwIfAborted();
        await rename(draft, to);
        await syncFolder(dirname(to));
      } finally {
        await rm(draft, { force: true });
      }
    },
  );
}

async function copyBytes(from: string, to: string, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<void> {
  let bytes = 0;
  const source = createReadStream(from, { highWaterMark: 4 * 2 ** 20 });
  source.on('data', (chunk) => {
    bytes += chunk.length;
    onBytes(bytes);
  });
  try {
    await pipeline(source, createWriteStream(to, { flags: 'wx' }), { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
  const handle = await open(to, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
