/** Removed models wait in `<folder>/.bin/` until they are put back, the bin is emptied, or their time is over. */
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import * as z from 'zod/mini';
import { Fault } from '../../shared/result.ts';
import type { BinItem } from '../../shared/schemas/library.ts';
import { writeDurably } from '../downloads/durable.ts';

/** Names a file of the folder and none outside, on every system. */
export const isRelative = (path: string): boolean =>
  posix.normalize(path) === path && !/^\.\.(?:\/|$)/.test(path) && !path.includes('\\') && !posix.isAbsolute(path);
/** Relative to the folder; its file lies where others may write, so a path must not lead out. */
export const relativePath = z.string().check(z.refine(isRelative));
const manifest = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z._default(z.string(), ''),
  label: z._default(z.string(), ''),
  /** ISO 8601. */
  removedAt: z.optional(z.string()),
  files: z.array(relativePath),
  shared: z.array(relativePath),
  moved: z.optional(z.boolean()),
});
type Manifest = z.infer<typeof manifest>;

/** How long a removed model can come back. */
const keptMs = 30 * 24 * 60 * 60 * 1000;

/** The file that a meta file is about; any other file itself. */
const describedBy = (file: string): string => file.replace(/\.meta\.json$/, '');
const isThereAlready = (file: string): Fault => new Fault('library.exists', `${file} is there already.`, { file });

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

export interface Bin {
  /**
   * Moves `files` away as one thing, or none of them; `shared` it needs too, but they stay for others. Paths are relative, with `/`.
   * Errors: those of the file system, with nothing left in the bin.
   */
  put(what: { id: string; name: string; label: string; files: string[]; shared: string[]; moved?: boolean }): Promise<void>;
  /**
   * Puts back what is not there by now, what it shared from wherever in the bin it is: of several of one name what was removed at
   * `removedAt` (ISO 8601), else the last. False when there is no such thing. Errors: `library.exists` where all of it is there by other means, or the first file of a model: then nothing is moved.
   */
  restore(id: string, removedAt?: string): Promise<boolean>;
  /** Deletes files for good that are not in the bin; paths as for `put`. */
  destroy(files: readonly string[]): Promise<void>;
  /** Newest first. */
  list(): Promise<BinItem[]>;
  /** Deletes one thing, or all, for good; `removedAt` as for `restore`, else all of that name. */
  empty(id?: string, removedAt?: string): Promise<void>;
  /** Deletes for good what was removed more than 30 days before `now` (ms since 1970). */
  expire(now: number): Promise<void>;
}

interface Held {
  /** Absolute. */
  folder: string;
  removedAt: number;
  manifest: Manifest;
}

/** The bin of `home`; with `prune`, folders that a removal leaves empty go too. */
export function createBin(home: string, prune: boolean): Bin {
  const bin = join(home, '.bin');

  const move = async (from: string, to: string): Promise<void> => {
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
  };
  const held = async (): Promise<Held[]> => {
    const names = await readdir(bin).catch(() => []);
    const all = await Promise.all(names.map((name) => readHeld(join(bin, name))));
    return all.filter((each) => each !== undefined).sort((a, b) => b.removedAt - a.removedAt);
  };
  const discard = async (things: readonly Pick<Held, 'folder'>[]): Promise<void> => {
    for (const { folder } of things) await rm(folder, { recursive: true, force: true });
    await rmdir(bin).catch(() => {});
  };
  const removeEmptied = async (files: readonly string[]): Promise<void> => {
    if (prune) for (const file of files) await removeEmpty(home, posix.dirname(file));
  };

  return {
    async put({ id, name, label, files, shared, moved }) {
      const removedAt = new Date();
      const folder = join(bin, `${createHash('sha256').update(id).digest('hex').slice(0, 16)}-${removedAt.getTime()}`);
      const gone: string[] = [];
      try {
        await mkdir(folder, { recursive: true });
        // First, so that a move which is cut short can be undone.
        await writeDurably(join(folder, 'manifest.json'), JSON.stringify({ v: 1, id, name, label, removedAt: removedAt.toISOString(), files, shared, moved }));
        for (const file of files) {
          await move(join(home, file), join(folder, file));
          gone.push(file);
        }
      } catch (error) {
        for (const file of gone) await rename(join(folder, file), join(home, file));
        await discard([{ folder }]);
        throw error;
      }
      await removeEmptied(files);
    },
    async destroy(files) {
      // The first file last: a model of which only a part could be deleted stays on the list.
      for (const file of files.toReversed()) await rm(join(home, file), { force: true });
      await removeEmptied(files);
    },
    async restore(id, removedAt) {
      const all = await held();
      const mine = all.find((each) => isNamed(each, id, removedAt));
      if (!mine) return false;
      const { files, shared } = mine.manifest;
      const taken = async (file: string): Promise<boolean> => (await exists(join(home, file))) && (await exists(join(mine.folder, file)));
      // Its other files are of no use without the first; of a moved folder each stands for itself.
      if (files[0] !== undefined && !mine.manifest.moved && (await taken(files[0]))) throw isThereAlready(files[0]);
      let moved = false;
      const places = [mine.folder, ...all.filter((each) => each !== mine).map(({ folder }) => folder)];
      for (const file of [...files, ...shared]) {
        // What was written down about a file says nothing of another one in its place.
        if ((await exists(join(home, file))) || (await taken(describedBy(file)))) continue;
        for (const place of places) {
          if (!(await exists(join(place, file)))) continue;
          await move(join(place, file), join(home, file));
          moved = true;
          break;
        }
      }
      // What is there again by other means leaves the removed one where it is.
      const left = await Promise.all(files.map((file) => exists(join(mine.folder, file))));
      const [first] = files.filter((_, index) => left[index]);
      if (first === undefined) await discard([mine]);
      else if (!moved) throw isThereAlready(first);
      return true;
    },
    async list() {
      return Promise.all(
        (await held()).map(async ({ folder, removedAt, manifest: { id, name, label, files, moved } }) => ({
          ...{ id, name: name || posix.basename(id), label },
          size: (await Promise.all(files.map((file) => sizeOf(join(folder, file))))).reduce((sum, size) => sum + size, 0),
          removedAt: isoOf(removedAt),
          until: new Date(removedAt + keptMs).toISOString(),
          ...(moved && { moved }),
        })),
      );
    },
    async empty(id, removedAt) {
      await discard((await held()).filter((each) => id === undefined || isNamed(each, id, removedAt)));
    },
    async expire(now) {
      await discard((await held()).filter(({ removedAt }) => removedAt + keptMs < now));
      for (const name of await readdir(bin).catch(() => [])) await removeBegun(join(bin, name), now - keptMs);
    },
  };
}

const isoOf = (ms: number): string => new Date(ms).toISOString();
const isNamed = (each: Held, id: string, removedAt: string | undefined): boolean =>
  each.manifest.id === id && (removedAt === undefined || isoOf(each.removedAt) === removedAt);

/** Undefined for a folder that is not one of ours: it is left alone. */
async function readHeld(folder: string): Promise<Held | undefined> {
  try {
    const file = join(folder, 'manifest.json');
    const read = manifest.parse(JSON.parse(await readFile(file, 'utf8')));
    const stated = Date.parse(read.removedAt ?? '');
    return { folder, manifest: read, removedAt: Number.isNaN(stated) ? (await stat(file)).mtimeMs : stated };
  } catch {
    return undefined;
  }
}

/** Removes what a removal left that was killed before it moved anything, when it is from before `until` (ms since 1970). */
async function removeBegun(folder: string, until: number): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory() || found.mtimeMs > until) return;
  const names = await readdir(folder);
  if (names.some((name) => name !== 'manifest.json.tmp')) return;
  await rm(folder, { recursive: true });
  await rmdir(dirname(folder)).catch(() => {});
}

const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  );

/** Removes `folder` and those above it, as far as they are empty. */
async function removeEmpty(home: string, folder: string): Promise<void> {
  for (let at = folder; at !== '.' && at !== '/'; at = posix.dirname(at)) {
    const gone = await rmdir(join(home, at)).then(
      () => true,
      () => false,
    );
    if (!gone) return;
  }
}
