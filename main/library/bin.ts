/** Removed models wait in `<models>/.bin/` until they are put back or the bin is emptied. */
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import * as z from 'zod/mini';
import { Fault } from '../../shared/result.ts';
import { writeDurably } from '../downloads/durable.ts';

/** Relative to the models folder; this file lies where others may write, so a path must not lead out. */
const relativePath = z
  .string()
  .check(z.refine((path) => posix.normalize(path) === path && !path.startsWith('..') && !path.includes('\\') && !posix.isAbsolute(path)));
const manifest = z.object({ v: z.literal(1), id: z.string(), files: z.array(relativePath), shared: z.array(relativePath) });

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

export interface Bin {
  /** Moves `files` away as one thing called `id`; `shared` it needs too, but they stay for others. Paths are relative, with `/`. */
  put(id: string, files: string[], shared: string[]): Promise<void>;
  /** Puts everything back that is not there by now, what it shared from wherever in the bin it is. Errors: library.notFound. */
  restore(id: string): Promise<void>;
  /** Deletes what is in the bin for good. */
  empty(): Promise<void>;
}

/** The bin of a models folder. */
export function createBin(models: string): Bin {
  const bin = join(models, '.bin');
  const folderOf = (id: string): string => join(bin, createHash('sha256').update(id).digest('hex').slice(0, 16));

  const move = async (from: string, to: string): Promise<void> => {
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
  };

  return {
    async put(id, files, shared) {
      const folder = folderOf(id);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      // First, so that a move which is cut short can be undone.
      await writeDurably(join(folder, 'manifest.json'), JSON.stringify({ v: 1, id, files, shared }));
      for (const file of files) await move(join(models, file), join(folder, file));
      for (const file of files) await removeEmpty(models, posix.dirname(file));
    },
    async restore(id) {
      const folder = folderOf(id);
      const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => undefined);
      if (text === undefined) throw new Fault('library.notFound', 'This model is not in the bin any more.', { id });
      const { files, shared } = manifest.parse(JSON.parse(text));
      const places = [folder, ...(await readdir(bin)).map((name) => join(bin, name))];
      for (const file of [...files, ...shared]) {
        if (await exists(join(models, file))) continue;
        for (const place of places) {
          if (!(await exists(join(place, file)))) continue;
          await move(join(place, file), join(models, file));
          break;
        }
      }
      await rm(folder, { recursive: true, force: true });
    },
    empty: () => rm(bin, { recursive: true, force: true }),
  };
}

/** Removes `folder` and those above it, as far as they are empty. */
async function removeEmpty(models: string, folder: string): Promise<void> {
  for (let at = folder; at !== '.' && at !== '/'; at = posix.dirname(at)) {
    const gone = await rmdir(join(models, at)).then(
      () => true,
      () => false,
    );
    if (!gone) return;
  }
}
