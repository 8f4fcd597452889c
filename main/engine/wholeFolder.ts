/** Folders that are there whole or not at all. */
import { existsSync, renameSync, rmSync } from 'node:fs';

/** `folder`, filled by `fill` in a place beside it and moved there, where it is not yet. Of several processes that make it one wins. */
export function wholeFolder(folder: string, fill: (fresh: string) => void): string {
  if (existsSync(folder)) return folder;
  const fresh = `${folder}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  fill(fresh);
  try {
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
