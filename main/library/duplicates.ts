/** Files of the library with the same content, and how to have them on the disk once. */
import { randomUUID } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Fault } from '../../shared/result.ts';
import type { Duplicate, Duplicates, LibraryFile } from '../../shared/schemas/library.ts';
import { changing } from '../downloads/disk.ts';
import { hashFile } from '../downloads/verify.ts';
import type { Entry } from './entry.ts';
import type { Hashes } from './hashes.ts';
import { hardLink } from './links.ts';
import { readMeta, writeMeta } from './meta.ts';
import { isOwn } from './places.ts';
import type { FoundFile } from './scan.ts';
import type { Tasks } from './tasks.ts';

interface OneFile extends LibraryFile {
  found: FoundFile;
  entry: Entry;
}

/** Every file of the library once, models before the projectors that they share. */
function filesOf(entries: readonly Entry[]): OneFile[] {
  const files = new Map<string, OneFile>();
  for (const entry of entries) {
    const listed = [...entry.model.files, ...(entry.model.projector ? [entry.model.projector] : [])];
    // Of a drive that is not there nothing was found.
    for (const [index, file] of listed.entries()) {
      const found = entry.found[index];
      if (found && !files.has(file.path)) files.set(file.path, { ...file, found, entry });
    }
  }
  return [...files.values()];
}

const volume = ({ inode }: FoundFile): string => inode.split(':')[0]!;

/** Groups of equal files that take room more than once, largest gain first. Two names of the same bytes are one file. */
export function duplicatesOf(entries: readonly Entry[]): Duplicates {
  const files = filesOf(entries);
  const groups = [...Map.groupBy(files, ({ sha256 }) => sha256)].flatMap(([sha256, same]) => {
    const group = sha256 && groupOf(sha256, same);
    return group ? [group] : [];
  });
  const unknown = uncompared(files).reduce((sum, { size }) => sum + size, 0);
  return { groups: groups.sort((a, b) => b.size - a.size), unknown };
}

function groupOf(sha256: string, same: readonly OneFile[]): Duplicate | undefined {
  const copies = (files: readonly OneFile[]): number => new Set(files.map(({ found }) => found.inode)).size;
  if (copies(same) < 2) return undefined;
  const own = same.filter(({ entry }) => isOwn(entry.place));
  const size = same[0]!.size;
  const onVolumes = [...Map.groupBy(own, ({ found }) => volume(found)).values()];
  return {
    sha256,
    size,
    files: same.map(({ path, entry: { model } }) => ({ path, id: model.id, name: `${model.name} ${model.label}`, app: model.source.app })),
    linkable: onVolumes.reduce((sum, each) => sum + (copies(each) - 1) * size, 0),
    deletable: (copies(own) - (own.length === same.length ? 1 : 0)) * size,
  };
}

/** Files as large as another one, where the content of at least one is not known; two names of the same bytes are known to be equal. */
function uncompared(files: readonly OneFile[]): OneFile[] {
  return [...Map.groupBy(files, ({ size }) => size).values()]
    .filter((same) => new Set(same.map(({ found }) => found.inode)).size > 1)
    .flatMap((same) => same.filter(({ sha256 }) => sha256 === undefined));
}

/** Reads every file that is as large as another and whose content is not known. Errors: `cancelled`, those of the file system. */
export async function compare(entries: readonly Entry[], { folder, tasks, hashes }: { folder: string; tasks: Tasks; hashes: Hashes }): Promise<void> {
  const files = uncompared(filesOf(entries));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (files.length === 0) return;
  await tasks.run({ kind: 'compare', name: files[0]!.path, total }, async (signal, onBytes) => {
    let before = 0;
    for (const { path, size, found } of files) {
      const file = resolve(folder, path);
      hashes.set(file, found, await hashFile(file, signal, (bytes) => onBytes(before + bytes)));
      before += size;
    }
  });
}

/**
 * Makes our own files of one content into one file with several names, on each drive. All are read again before anything is
 * touched: where one is not what it was, nothing is done. Errors: `library.notFound` where there is nothing to join,
 * `library.notEqual`, `library.cannotLink`, `cancelled`.
 */
export async function joinFiles(entries: readonly Entry[], sha256: string, { folder, tasks }: { folder: string; tasks: Tasks }): Promise<void> {
  const own = filesOf(entries).filter((file) => file.sha256 === sha256 && isOwn(file.entry.place));
  const total = own.reduce((sum, { size }) => sum + size, 0);
  if (own.length < 2) throw new Fault('library.notFound', 'These files are not there any more.', { id: sha256 });
  await tasks.run({ kind: 'link', name: own[0]!.path, total }, async (signal, onBytes) => {
    let before = 0;
    for (const { path, size } of own) {
      const actual = await hashFile(resolve(folder, path), signal, (bytes) => onBytes(before + bytes));
      if (actual !== sha256) throw new Fault('library.notEqual', `${path} is not what it was; nothing was changed.`, { file: path });
      before += size;
    }
    for (const same of Map.groupBy(own, ({ found }) => volume(found)).values()) {
      const [keep, ...others] = same.map(({ path }) => resolve(folder, path));
      for (const other of others) await becomeLink(keep!, other);
    }
  });
}

/** `other` becomes a second name of `keep`; at every moment it is one or the other. */
async function becomeLink(keep: string, other: string): Promise<void> {
  const [one, two] = await Promise.all([stat(keep), stat(other)]);
  if (one.dev === two.dev && one.ino === two.ino) return;
  const meta = await readMeta(other);
  const beside = join(dirname(other), `.${randomUUID()}`);
  try {
    await hardLink(keep, beside);
    await changing(other, () => rename(beside, other));
  } finally {
    await rm(beside, { force: true });
  }
  // It was read a moment ago; its time of change is now that of the other name.
  if (meta) await writeMeta(other, { ...meta, verifiedAt: new Date().toISOString() });
}
