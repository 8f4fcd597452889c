/** What a move of the models folder would take along, and why it cannot be. */
import type { BigIntStats } from 'node:fs';
import { access, constants, lstat, readdir, readlink, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, posix, resolve } from 'node:path';
import { Fault } from '../../shared/result.ts';
import type { MoveProblem } from '../../shared/schemas/library.ts';
import { freeBytes } from '../downloads/disk.ts';
import { isRelative } from './bin.ts';
import { lockFiles } from './lock.ts';

/** A file of the models folder. */
export interface Carried {
  /** Relative, with `/`. */
  path: string;
  /** Bytes. */
  size: number;
  /** Milliseconds since 1970. */
  changedAt: number;
  /** The same for two names of the same bytes. */
  inode: string;
  /** Where it leads, for a link. */
  link?: string;
}

export interface Ahead {
  /** Absolute. */
  from: string;
  to: string;
  files: Carried[];
  /** Of them, those whose like is there already: equal by name and size, to be compared. */
  there: Set<string>;
  /** Absolute; folders that are to be made, those above first. */
  folders: string[];
  /** Bytes of `files`, several names of one file once. */
  size: number;
  sameDrive: boolean;
  /** Bytes; null where the system does not tell. */
  free: number | null;
}

export const cannotMove = (reason: MoveProblem, message: string, data: Record<string, unknown> = {}, cause?: unknown): Fault =>
  new Fault('library.cannotMove', message, { reason, ...data }, cause);

/** What systems strew about is of no use elsewhere, like the lock. */
const strewn = /(?:^|\/)(?:\.DS_Store|Thumbs\.db|desktop\.ini)$/;

/**
 * Looks at both folders and changes nothing; `apps` are folders of other apps, `spare` bytes are to stay free.
 * Errors: library.cannotMove; those of the file system where the models folder cannot be read.
 */
export async function planMove(from: string, named: string, { apps, spare }: { apps: readonly string[]; spare: number }): Promise<Ahead> {
  if (!isAbsolute(named)) throw cannotMove('notAbsolute', 'Write the whole path of the folder.', { folder: named });
  const to = resolve(named);
  const above = await existing(to);
  const [nearest] = above;
  if (!nearest?.stats.isDirectory()) throw cannotMove('notFolder', `${to} is not a folder.`, { folder: to });
  const own = await stat(from, { bigint: true }).catch(() => undefined);
  const isThere = nearest.path === to;
  if (to === resolve(from) || (own && isThere && isSame(own, nearest.stats))) throw cannotMove('same', 'The models are there already.', { folder: to });
  if (own && above.some(({ stats }) => isSame(own, stats))) throw cannotMove('inside', `${to} lies in the models folder.`, { folder: to });
  if (isThere && (await existing(from)).some(({ stats }) => isSame(nearest.stats, stats)))
    throw cannotMove('around', `The models folder lies in ${to}.`, { folder: to });
  for (const app of apps) {
    const its = await stat(app, { bigint: true }).catch(() => undefined);
    if (its && above.some(({ stats }) => isSame(its, stats))) throw cannotMove('otherApp', `${app} belongs to another app.`, { folder: to });
  }
  await access(nearest.path, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw cannotMove('notWritable', `Nothing can be written in ${nearest.path}.`, { folder: nearest.path }, error);
  });

  const files = await carriedIn(from);
  const there = new Set<string>();
  if (isThere) {
    for (const file of files) {
      const other = await lstat(join(to, file.path)).catch(() => undefined);
      if (!other) continue;
      // A link that leads to the same is made again for nothing; another one is not ours to replace.
      const alike = file.link === undefined ? other.isFile() && other.size === file.size : other.isSymbolicLink();
      if (!alike) throw cannotMove('collides', `There is another ${file.path} in ${to}.`, { file: file.path, folder: to });
      there.add(file.path);
    }
  }
  const sameDrive = own?.dev === nearest.stats.dev;
  const bytes = (of: readonly Carried[]): number => [...new Map(of.map(({ inode, size }) => [inode, size])).values()].reduce((sum, size) => sum + size, 0);
  const free = await freeBytes(nearest.path).catch(() => null);
  const missing = bytes(files.filter(({ path }) => !there.has(path))) + spare - (free ?? Infinity);
  if (!sameDrive && missing > 0) throw cannotMove('noRoom', 'There is not enough room.', { missing, folder: to });
  return { from, to, files, there, folders: await missingFolders(to, files), size: bytes(files), sameDrive, free };
}

/** All files below `folder`, sorted, without its lock; links as such. A folder that is not there has none. */
export async function carriedIn(folder: string): Promise<Carried[]> {
  const files: Carried[] = [];
  const look = async (below: string): Promise<void> => {
    const entries = await readdir(join(folder, below), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = posix.join(below, entry.name);
      if (lockFiles.includes(path) || strewn.test(path)) continue;
      if (!isRelative(path)) throw cannotMove('failed', `${path} has a name that other systems do not know.`, { file: path, code: 'EINVAL' });
      if (entry.isDirectory()) await look(path);
      else if (entry.isFile() || entry.isSymbolicLink()) {
        const { size, mtimeMs, dev, ino } = await lstat(join(folder, path));
        const link = entry.isSymbolicLink() ? await readlink(join(folder, path)) : undefined;
        files.push({ path, size, changedAt: mtimeMs, inode: `${dev}:${ino}`, ...(link !== undefined && { link }) });
      }
    }
  };
  if (await stat(folder).catch(() => undefined)) await look('');
  return files;
}

/** The path and the folders above it, as far as they are there, the nearest first. Drives, links and spelling aside, a folder is known by its number. */
async function existing(path: string): Promise<{ path: string; stats: BigIntStats }[]> {
  const found: { path: string; stats: BigIntStats }[] = [];
  for (let at = path; ; at = dirname(at)) {
    const stats = await stat(at, { bigint: true }).catch(() => undefined);
    if (stats) found.push({ path: at, stats });
    if (dirname(at) === at) return found;
  }
}

const isSame = (one: BigIntStats, other: BigIntStats): boolean => one.dev === other.dev && one.ino === other.ino;

async function missingFolders(to: string, files: readonly Carried[]): Promise<string[]> {
  const needed = new Set<string>();
  for (let at = to; dirname(at) !== at; at = dirname(at)) needed.add(at);
  for (const { path } of files) for (let at = posix.dirname(path); at !== '.'; at = posix.dirname(at)) needed.add(join(to, at));
  const missing: string[] = [];
  for (const folder of needed) if (!(await stat(folder).catch(() => undefined))) missing.push(folder);
  return missing.sort((a, b) => a.length - b.length);
}
