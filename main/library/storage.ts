/** What the disk holds for Atelier, by purpose, and what of it can go. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import type { Storage as Holdings, StorageKind } from '../../shared/schemas/library.ts';
import { changing, freeBytes } from '../downloads/disk.ts';
import { journalPath } from '../downloads/journal.ts';
import { heldBytes } from '../downloads/reserve.ts';
import { targetOf } from '../downloads/target.ts';
import type { Folders } from '../platform.ts';
import type { Library } from './index.ts';

export interface Storage {
  read(): Promise<Holdings>;
  /** Frees what `read` calls reclaimable, and nothing else. Errors: download.readOnly, download.writing. */
  reclaim(kind: StorageKind): Promise<void>;
}

interface StorageOptions {
  folders: Pick<Folders, 'data' | 'cache' | 'models'>;
  library: Pick<Library, 'list' | 'bin' | 'emptyBin' | 'tasks'>;
  /** Their parts are still wanted. */
  jobs(): readonly DownloadJob[];
  /** Deleted chats and messages, with their pictures. */
  deleted: {
    /** Bytes. */
    waiting(): Promise<{ texts: number; pictures: number }>;
    /** Removes them for good. */
    remove(): Promise<void>;
  };
}

/** What is found out again by asking the Hub or reading the files. */
const remade = ['headers', 'search'];

/** What a download or a copy has not finished, by the file that it is to be. */
const unfinished = /^(.+\.gguf)(\.part|\.part\.json|\.copy\.part|\.importing)$/i;

export function createStorage({ folders, library, jobs, deleted }: StorageOptions): Storage {
  /** Parts of downloads and of copies, and which of them nobody will go on with. */
  const parts = async (): Promise<{ size: number; left: Sized[] }> => {
    const paths = new Set((await filesIn(folders.models)).map(({ path }) => path));
    const found = [...paths].flatMap((path) => {
      const [, target, ending] = unfinished.exec(path) ?? [];
      // Other programs have parts too, but no journals of ours.
      return target && (ending !== '.part' || paths.has(journalPath(target))) ? [{ path, target, ending }] : [];
    });
    // Each has its full length from the start, whether or not the disk holds it.
    const all = await Promise.all(found.map(async (each) => ({ ...each, size: await heldBytes(each.path) })));
    const wanted = new Set(jobs().flatMap(({ repo, files }) => files.map(({ path }) => targetOf(folders.models, repo, path))));
    const left = all.filter(({ target, ending }) => (ending === '.importing' ? !library.tasks.isRunning() : !wanted.has(target)));
    return { size: sum(all), left };
  };
  /** Of our own models; quantizations share a projector, and two names may be one file. */
  const modelBytes = async (): Promise<number> => {
    const own = library.list().filter(({ source, problem }) => source.app === 'atelier' && problem !== 'missingDrive');
    const paths = new Set(own.flatMap(({ files, projector }) => [...files, ...(projector ? [projector] : [])]).map(({ path }) => path));
    const found = await Promise.all([...paths].map((path) => stat(resolve(folders.models, path)).catch(() => undefined)));
    const once = new Map(found.flatMap((file) => (file ? [[`${file.dev}:${file.ino}`, file.size]] : [])));
    return [...once.values()].reduce((total, size) => total + size, 0);
  };
  const states = (): Promise<Sized[]> => filesIn(join(folders.cache, 'states'));
  const headers = (): Promise<Sized[]> => all(remade.map((name) => filesIn(join(folders.cache, name))));

  return {
    async read() {
      const [models, partial, read, made, cache, data, gone, free] = await Promise.all([
        modelBytes(),
        parts(),
        states(),
        headers(),
        filesIn(folders.cache),
        filesIn(folders.data, [folders.models, folders.cache]),
        deleted.waiting(),
        freeBytes(folders.models).catch(() => null),
      ]);
      const below = (name: string): number => sum(data.filter(({ path }) => path.startsWith(join(folders.data, name))));
      const bin = library.bin().reduce((total, { size }) => total + size, 0);
      const kinds: [StorageKind, number, number][] = [
        ['models', models, 0],
        ['partial', partial.size, sum(partial.left)],
        ['bin', bin, bin],
        ['states', sum(read), sum(read)],
        ['headers', sum(made), sum(made)],
        ['cache', sum(cache) - sum(made) - sum(read), 0],
        ['chats', below('atelier.db'), gone.texts],
        ['images', below('blobs'), gone.pictures],
        ['logs', below('logs'), 0],
      ];
      return { kinds: kinds.map(([kind, size, reclaimable]) => ({ kind, size, reclaimable })), free };
    },
    async reclaim(kind) {
      if (kind === 'chats' || kind === 'images') await deleted.remove();
      if (kind === 'bin') await library.emptyBin();
      if (kind === 'headers') for (const name of remade) await drop(join(folders.cache, name));
      if (kind === 'states') for (const { path } of await states()) await drop(path);
      if (kind === 'partial') library.tasks.refuseWhileMoving();
      if (kind === 'partial') for (const { path } of (await parts()).left) await drop(path);
    },
  };
}

interface Sized {
  path: string;
  /** Bytes. */
  size: number;
}

const drop = (path: string): Promise<void> => changing(path, () => rm(path, { recursive: true, force: true }));
const sum = (files: readonly Sized[]): number => files.reduce((total, { size }) => total + size, 0);
const all = async (lists: Promise<Sized[]>[]): Promise<Sized[]> => (await Promise.all(lists)).flat();

/** The files below a folder, links not followed, `except` and bins left out. */
async function filesIn(folder: string, except: readonly string[] = []): Promise<Sized[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (except.includes(path) || entry.name === '.bin') return [];
      if (entry.isDirectory()) return filesIn(path, except);
      const found = entry.isFile() ? await stat(path).catch(() => undefined) : undefined;
      return found ? [{ path, size: found.size }] : [];
    }),
  );
}
