/** Files that are either the old or the new ones after a crash, never something in between. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Replaces the file at `path`: written beside it, forced to the disk, then renamed over it. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Forces a folder's own entries (a rename in it) to the disk. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder, and keeps its entries in a journal of its own.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
