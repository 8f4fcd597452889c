/** What a move of the models folder leaves behind: the former folder, or what was made in vain. */
import { lstat, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ModelsFolder, ModelsState, MoveJournal } from '../modelsFolder.ts';
import { createBin } from './bin.ts';
import { draftOf } from './carry.ts';
import { lockFiles, lockModels } from './lock.ts';
import { isThere } from './places.ts';

/** Times of change that a file system rounds, in ms. */
const sameTime = 2000;

/**
 * Takes away what a move that was killed had made, and lets files leave that had not yet; to be called with the models folder locked. What
 * lies on a drive that is not there waits for the next start. Errors: library.locked where another Atelier works there; those of the file system.
 */
export async function recoverMoves(models: ModelsFolder): Promise<void> {
  for (const journal of models.get().unfinished) {
    if (!(await isThere(dirname(journal.folders[0] ?? join(journal.to, 'x'))))) continue;
    if (!(await isOneFolder(journal.to, models.folders.models))) {
      if (await isThere(journal.to)) lockModels(journal.to)();
      await clear(journal);
    }
    await forget(models, journal);
  }
  for (const former of models.get().former) {
    const { folder } = former;
    if (!(await isThere(folder))) continue;
    if (former.files.length > 0) await leave(models, former);
    if (!(await isOneFolder(folder, models.folders.models))) await abandon(folder);
    if (await isThere(join(folder, '.bin'))) continue;
    await models.set({ former: models.get().former.filter((each) => each.folder !== folder) });
  }
}

/** Takes away what was made for a move, and nothing that is not as it was made. */
export async function clear({ to, folders, files }: MoveJournal): Promise<void> {
  for (const { path, size, changedAt } of files) {
    const file = join(to, path);
    await rm(draftOf(file), { force: true });
    const found = await lstat(file).catch(() => undefined);
    if (!found || Math.abs(found.mtimeMs - changedAt) > sameTime) continue;
    if (found.size === size || found.isSymbolicLink()) await rm(file);
  }
  for (const name of lockFiles) await rm(join(to, name), { force: true });
  for (const folder of folders.toReversed()) await rmdir(folder).catch(() => {});
}

/** Nothing is left to be done about it. */
export const forget = (models: ModelsFolder, journal: MoveJournal): Promise<void> =>
  models.set({ unfinished: models.get().unfinished.filter((each) => each !== journal) });

/** Lets the files of a former folder go: to its bin, but for links and for second names of what lies at the new place, which only take a name away. */
export async function leave(models: ModelsFolder, { folder, files }: ModelsState['former'][number]): Promise<void> {
  const binned: string[] = [];
  for (const path of files) {
    const [old, now] = await Promise.all([folder, models.folders.models].map((home) => lstat(join(home, path)).catch(() => undefined)));
    if (!old) continue;
    if (old.isSymbolicLink() || (now && old.ino === now.ino && old.dev === now.dev)) await rm(join(folder, path));
    else binned.push(path);
  }
  if (binned.length > 0) await createBin(folder, true).put({ id: folder, name: folder, label: '', files: binned, shared: [], moved: true });
  const below = new Set<string>();
  for (const path of files) for (let at = dirname(path); at !== '.'; at = dirname(at)) below.add(at);
  for (const at of [...below].sort((a, b) => b.length - a.length)) await rmdir(join(folder, at)).catch(() => {});
  const others = models.get().former.filter((each) => each.folder !== folder);
  await models.set({ former: (await isThere(join(folder, '.bin'))) ? [...others, { folder, files: [] }] : others });
}

/** A folder that is not in use and holds nothing any more goes. */
export async function abandon(folder: string): Promise<void> {
  for (const name of lockFiles) await rm(join(folder, name), { force: true });
  await rmdir(folder).catch(() => {});
}

async function isOneFolder(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((folder) => stat(folder).catch(() => undefined)));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
