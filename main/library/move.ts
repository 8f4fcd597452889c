/** Moves the models folder: everything in it is at the new place, and verified, before anything leaves the old one. */
import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { MovePlan } from '../../shared/schemas/library.ts';
import { freeBytes } from '../downloads/disk.ts';
import type { Downloads } from '../downloads/queue.ts';
import type { Log } from '../log.ts';
import type { ModelsFolder, MoveJournal } from '../modelsFolder.ts';
import type { AppFolder } from './apps.ts';
import { carry, moveFault, publish } from './carry.ts';
import { abandon, clear, forget, leave } from './former.ts';
import type { Library } from './index.ts';
import { lockModels } from './lock.ts';
import { type Ahead, cannotMove, carriedIn, planMove } from './movePlan.ts';
import { isThere } from './places.ts';

export interface Moves {
  /** What a move to `folder` would do. Errors: library.cannotMove. */
  plan(folder: string): Promise<MovePlan>;
  /**
   * Moves the models folder to `folder`, whose other content stays; settles when it is over. On the same drive files get a second name and then
   * lose the first, as nothing is written that could be wrong; else they are copied and read back, and the old ones go to the bin. Until the
   * switch the old folder is in use and untouched, and what was made is taken away where it does not come to that.
   * Errors: those of `plan`, library.locked, cancelled.
   */
  move(folder: string): Promise<void>;
}

interface MovesOptions {
  models: ModelsFolder;
  library: Pick<Library, 'list' | 'refresh' | 'tasks' | 'note'>;
  downloads: Pick<Downloads, 'hold'>;
  /** Where other apps keep theirs. */
  apps(): readonly AppFolder[];
  /** A model is loaded, or being loaded. */
  isLoaded(id: string): boolean;
  /** Takes the new folder's lock and gives that of the old one. */
  onLocked(unlock: () => void): () => void;
  log: Pick<Log, 'warn'>;
  /** Bytes of the new drive that stay free. */
  spareBytes?: number;
}

export function createMoves({ models, library, downloads, apps, isLoaded, onLocked, log, spareBytes = 2e9 }: MovesOptions): Moves {
  const { folders } = models;

  const look = async (folder: string): Promise<Ahead> => {
    if (models.fixed) throw cannotMove('named', 'ATELIER_MODELS names the models folder.', { folder: folders.models });
    const own = library.list().filter(({ source }) => source.app === 'atelier');
    if (own.some(({ id }) => isLoaded(id))) throw cannotMove('loaded', 'A model of the models folder is loaded. Eject it first.');
    const wasThere = own.length > 0 || models.get().folder !== undefined;
    if (wasThere && !(await isThere(folders.models))) throw cannotMove('notThere', `${folders.models} is not there now.`, { folder: folders.models });
    return planMove(folders.models, folder, { apps: apps().map((app) => app.folder), spare: spareBytes });
  };

  const carryAll = async (ahead: Ahead, signal: AbortSignal, onBytes: (done: number) => void): Promise<void> => {
    const { from, to, files, there } = ahead;
    const kept = models.get();
    const journal: MoveJournal = { to, folders: ahead.folders, files: files.filter(({ path }) => !there.has(path)).map(journalled) };
    await models.set({ unfinished: [...kept.unfinished, journal] });
    let unlock = (): void => {};
    let read: Map<string, string>;
    try {
      for (const folder of ahead.folders) await mkdir(folder);
      unlock = lockModels(to);
      const sums = new Map(
        library
          .list()
          .flatMap((model) => [...model.files, ...(model.projector ? [model.projector] : [])])
          .map((file) => [file.path, file.sha256]),
      );
      read = await carry(ahead, { signal, onBytes, known: (path) => sums.get(path) });
      if (JSON.stringify(await carriedIn(from)) !== JSON.stringify(files)) throw cannotMove('changed', 'Files of the models folder changed meanwhile.');
      await publish(ahead);
      signal.throwIfAborted();
      const former = models.get().former.filter(({ folder }) => folder !== to && folder !== from);
      await models.set({
        folder: to,
        unfinished: kept.unfinished.filter((each) => each.to !== to),
        former: [...former, { folder: from, files: files.map(({ path }) => path) }],
      });
    } catch (error) {
      unlock();
      // Written again first: nobody knows how far a switch came that failed.
      await models
        .set({})
        .then(() => clear(journal))
        .then(() => forget(models, journal))
        .catch((left: unknown) => log.warn('What a move had copied could not be taken away; the next start does', { to, error: left }));
      const free = await freeBytes(dirname(ahead.folders[0] ?? join(to, 'x'))).catch(() => 0);
      throw moveFault(error, to, Math.max(1, ahead.size + spareBytes - free));
    }
    const unlockOld = onLocked(unlock);
    for (const [path, sha256] of read) {
      const found = await lstat(join(to, path)).catch(() => undefined);
      if (found) library.note(join(to, path), { size: found.size, changedAt: found.mtimeMs }, sha256);
    }
    await leave(models, { folder: from, files: files.map(({ path }) => path) }).catch((error: unknown) =>
      log.warn('Some files could not leave the former models folder; the next start tries again', { from, error }),
    );
    unlockOld();
    await abandon(from);
  };

  return {
    async plan(folder) {
      const { from, to, files, size, sameDrive, free } = await look(folder);
      const binned = files.filter(({ path }) => path.startsWith('.bin/')).reduce((sum, file) => sum + file.size, 0);
      return { from, to, files: files.length, size, binned, sameDrive, free };
    },
    async move(folder) {
      const { to, size } = await look(folder);
      await library.tasks.run({ kind: 'move', name: to, total: size }, async (signal, onBytes) => {
        const release = await downloads.hold();
        try {
          // Looked at again, now that nothing changes it.
          await carryAll(await look(folder), signal, (done) => onBytes(Math.floor(done / 2)));
        } finally {
          release();
        }
      });
      await library.refresh();
    },
  };
}

const journalled = ({ path, size, changedAt }: MoveJournal['files'][number]): MoveJournal['files'][number] => ({ path, size, changedAt });
