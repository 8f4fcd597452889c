/** The models on disk, kept in step with the folders that they lie in: our own, the person's, and those of other apps. */
import { join, relative, resolve, sep } from 'node:path';
import { Fault } from '../../shared/result.ts';
import type {
  BinItem,
  Duplicates,
  ImportMode,
  LibraryFile,
  LibraryLists,
  LibraryModel,
  LibraryPlace,
  LibraryRemoval,
  OtherApp,
} from '../../shared/schemas/library.ts';
import { changing } from '../downloads/disk.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import type { Headers } from '../gguf/headers.ts';
import type { Folders } from '../platform.ts';
import { createWatched } from '../watched.ts';
import type { AppFolder } from './apps.ts';
import { type Bin, createBin } from './bin.ts';
import { compare, duplicatesOf, joinFiles } from './duplicates.ts';
import type { Entry } from './entry.ts';
import { createHashes, type Hashes } from './hashes.ts';
import { importFile, locate } from './import.ts';
import { metaPath } from './meta.ts';
import { isOwn, isThere } from './places.ts';
import { createShelf } from './shelf.ts';
import { createTasks, type Tasks } from './tasks.ts';

/** What it takes to load a model. */
export interface ResolvedModel {
  /** Absolute paths, shards in order. */
  files: string[];
  /** Absolute path. */
  projector?: string;
  facts: ModelFacts;
  model: LibraryModel;
}

export interface Library {
  /** The models, from the moment that our own folder has been looked through. */
  watch(signal: AbortSignal): AsyncIterable<LibraryModel[]>;
  /** The models now. */
  list(): LibraryModel[];
  /** Looks at all folders again. */
  refresh(): Promise<void>;
  /** Errors: library.notFound; library.missing while its drive is not there; gguf.* for a file that cannot be loaded. */
  resolve(id: string): Promise<ResolvedModel>;
  /** What `remove` would do, file by file. Errors: library.notFound, library.notOwn. */
  removal(id: string): Promise<LibraryRemoval>;
  /**
   * Moves the model to the bin, or deletes it for good; its projector too when no other quantization needs it. A file used where it lies only
   * leaves the list. Errors: library.notFound, library.notOwn, library.missing, library.binFull, download.readOnly, download.writing.
   */
  remove(id: string, forGood?: boolean): Promise<void>;
  /** Undoes `remove`, the last one or that of `removedAt`. Errors: library.notFound, library.exists, download.readOnly, download.writing. */
  restore(id: string, removedAt?: string): Promise<void>;
  /** What was removed, newest first. */
  bin(): BinItem[];
  watchBin(signal: AbortSignal): AsyncIterable<BinItem[]>;
  /** Deletes one removed model, or all, for good. Errors: download.readOnly, download.writing. */
  emptyBin(id?: string, removedAt?: string): Promise<void>;
  watchPlaces(signal: AbortSignal): AsyncIterable<LibraryPlace[]>;
  /** Looks through this folder too. Errors: library.noFile. */
  addFolder(path: string): Promise<void>;
  /** Looks there no more; nothing in it is touched. */
  forgetFolder(path: string): Promise<void>;
  /** Lists the models of an app, or does not. */
  showApp(app: OtherApp, shown: boolean): Promise<void>;
  /** Imports a file, or adds a folder; the id of the model, undefined for a folder. Errors: those of `importFile`. */
  import(path: string, mode: ImportMode): Promise<string | undefined>;
  watchDuplicates(signal: AbortSignal): AsyncIterable<Duplicates>;
  /** Reads the files that could be duplicates. Errors: cancelled. */
  compare(): Promise<void>;
  /** Makes our own files of one content into one. Errors: those of `joinFiles`. */
  link(sha256: string): Promise<void>;
  /** Notes what a file was found to be, so that it need not be read again. */
  note: Hashes['set'];
  /** What takes long. */
  tasks: Tasks;
}

export interface LibraryOptions {
  /** Where the models folder is now. */
  folders: Pick<Folders, 'models'>;
  headers: Pick<Headers, 'forFile'>;
  /** For what can be found out again. */
  cacheFolder: string;
  /** The person's further folders and files, and what is hidden. */
  lists?: { get(): LibraryLists; set(lists: LibraryLists): void };
  /** Where the models folder was before, as long as something waits in the bin there. */
  former?: () => readonly string[];
  /** Where other apps keep theirs, asked at every look. */
  apps?: () => readonly AppFolder[];
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** The library; the first look begins at once. */
export function createLibrary({
  folders,
  headers,
  cacheFolder,
  lists = inMemory(),
  apps = () => [],
  former = () => [],
  now = Date.now,
}: LibraryOptions): Library {
  const hashes = createHashes(cacheFolder);
  const tasks = createTasks();
  const binned = createWatched<BinItem[]>([]);
  const duplicates = createWatched<Duplicates>({ groups: [], unknown: 0 });
  const absolute = (path: string): string => resolve(folders.models, path);
  const ownFolders = (): string[] => [...new Set([folders.models, ...lists.get().folders])];
  /** Files that left the list by `remove`, by id. */
  const unlisted = new Map<string, string>();
  /** What imports under way are to make. */
  const claimed = new Set<string>();

  const homes = (): string[] => [...new Set([...ownFolders(), ...former()])];
  const binOf = (home: string): Bin => createBin(home, !lists.get().folders.includes(home));
  const onLooked = async (): Promise<void> => {
    duplicates.set(duplicatesOf(shelf.entries()));
    const all = homes().map(binOf);
    // What cannot go now, as from a read-only drive, can the next time.
    if (!tasks.isMoving()) for (const bin of all) await bin.expire(now()).catch(() => {});
    const items = (await Promise.all(all.map((bin) => bin.list()))).flat();
    binned.set(items.sort((a, b) => b.removedAt.localeCompare(a.removedAt)));
  };
  const shelf = createShelf({ folders, headers, hashes, cacheFolder, lists: () => lists.get(), apps, onLooked });
  const { refresh, find } = shelf;
  const first = refresh();
  first.catch(() => {});

  const change = async (more: Partial<LibraryLists>): Promise<void> => {
    lists.set({ ...lists.get(), ...more });
    await refresh();
  };
  const add = async (path: string): Promise<void> => {
    if (!ownFolders().includes(path)) await change({ folders: [...lists.get().folders, path] });
  };
  const plan = async (id: string): Promise<{ entry: Entry; removal: LibraryRemoval }> => {
    const entry = await find(id);
    const { place, model } = entry;
    if (place.reference !== undefined) return { entry, removal: { files: [], stays: model.files } };
    if (!isOwn(place)) throw new Fault('library.notOwn', `This model belongs to ${place.app}; remove it there.`, { app: place.app });
    if (model.problem === 'missingDrive') throw entry.fault!;
    const { projector, files } = model;
    if (!projector) return { entry, removal: { files, stays: [] } };
    const needed = shelf.models.get().some((other) => other.id !== id && other.projector?.path === projector.path);
    return { entry, removal: needed ? { files, stays: [projector] } : { files: [...files, projector], stays: [] } };
  };
  /** With what was written down about them, as the bin of `home` names them. */
  const namesIn = async (home: string, files: readonly LibraryFile[]): Promise<string[]> => {
    const paths = files.flatMap(({ path }) => [absolute(path), metaPath(absolute(path))]);
    const there = await Promise.all(paths.map((path) => isThere(path)));
    return paths.filter((_, index) => there[index]).map((path) => relative(home, path).split(sep).join('/'));
  };

  return {
    async *watch(signal) {
      await shelf.ready;
      yield* shelf.models.watch(signal);
    },
    list: () => shelf.models.get(),
    refresh,
    async resolve(id) {
      const { model, facts, fault } = await find(id);
      if (!facts) throw fault;
      return { files: model.files.map(({ path }) => absolute(path)), ...(model.projector && { projector: absolute(model.projector.path) }), facts, model };
    },
    removal: async (id) => (await plan(id)).removal,
    async remove(id, forGood = false) {
      const { entry, removal } = await plan(id);
      const { place, model } = entry;
      if (place.reference !== undefined) {
        unlisted.set(id, place.reference);
        return change({ files: lists.get().files.filter((file) => file !== place.reference) });
      }
      tasks.refuseWhileMoving();
      const files = await namesIn(place.folder, removal.files);
      if (files.length === 0) {
        await refresh();
        throw new Fault('library.notFound', 'This model is not there any more.', { id });
      }
      const shared = await namesIn(place.folder, removal.stays);
      const what = { id, name: model.name, label: model.label, files, shared };
      const bin = binOf(place.folder);
      await changing(absolute(model.files[0]!.path), () => (forGood ? bin.destroy(files) : bin.put(what))).catch((error: unknown) => {
        if (!(error instanceof Fault) || error.code !== 'download.diskFull') throw error;
        throw new Fault('library.binFull', 'The disk is full, so nothing can be moved to the bin.', { id }, error);
      });
      await refresh();
    },
    async restore(id, removedAt) {
      const file = unlisted.get(id);
      unlisted.delete(id);
      if (file !== undefined) return change({ files: [...lists.get().files.filter((each) => each !== file), file] });
      tasks.refuseWhileMoving();
      for (const home of homes()) {
        const restored = await changing(join(home, id), () => binOf(home).restore(id, removedAt)).catch(async (error: unknown) => {
          // What has taken its place is to be seen.
          await refresh();
          throw error;
        });
        // What comes back where nobody looks would be lost to sight.
        if (restored) return ownFolders().includes(home) ? refresh() : add(home);
      }
      throw new Fault('library.notFound', 'This model is not in the bin any more.', { id });
    },
    bin: () => binned.get(),
    watchBin: (signal) => binned.watch(signal),
    async emptyBin(id, removedAt) {
      tasks.refuseWhileMoving();
      for (const home of homes()) await changing(join(home, id ?? '.bin'), () => binOf(home).empty(id, removedAt));
      await refresh();
    },
    watchPlaces: (signal) => shelf.places.watch(signal),
    async addFolder(path) {
      const { path: folderPath, isFolder } = await locate(path);
      if (!isFolder) throw new Fault('library.noFile', `${path} is not a folder.`, { path });
      await add(folderPath);
    },
    forgetFolder: (path) => change({ folders: lists.get().folders.filter((each) => each !== path) }),
    showApp: (app, shown) => change({ hidden: [...lists.get().hidden.filter((each) => each !== app), ...(shown ? [] : [app])] }),
    async import(path, mode) {
      const { path: file, isFolder } = await locate(path);
      if (isFolder) {
        await add(file);
        return undefined;
      }
      if (mode !== 'reference') tasks.refuseWhileMoving();
      await first.catch(() => {});
      const refer = (each: string): Promise<void> => change({ files: [...lists.get().files.filter((known) => known !== each), each] });
      const id = await importFile(file, mode, { headers, folder: folders.models, tasks, entries: shelf.entries(), claimed, refer });
      await refresh();
      return id;
    },
    watchDuplicates: (signal) => duplicates.watch(signal),
    async compare() {
      await refresh();
      await compare(shelf.entries(), { folder: folders.models, tasks, hashes });
      await refresh();
    },
    async link(sha256) {
      await joinFiles(shelf.entries(), sha256, { folder: folders.models, tasks });
      await refresh();
    },
    note: hashes.set,
    tasks,
  };
}

function inMemory(): { get(): LibraryLists; set(lists: LibraryLists): void } {
  let current: LibraryLists = { folders: [], files: [], hidden: [] };
  return {
    get: () => current,
    set(lists) {
      current = lists;
    },
  };
}
