/** Brings a GGUF file from anywhere into the library: as it lies, by a second name, or as a copy. */
import { existsSync } from 'node:fs';
import { mkdir, rm, rmdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseFileName } from '../../shared/quant.ts';
import { Fault } from '../../shared/result.ts';
import type { ImportMode, LibraryModel } from '../../shared/schemas/library.ts';
import { changing } from '../downloads/disk.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import type { Headers } from '../gguf/headers.ts';
import type { Entry } from './entry.ts';
import { copyWhole, hardLink } from './links.ts';
import { findOne, isOwn } from './places.ts';
import { goesWith, projectorFor } from './projector.ts';
import type { FoundFile } from './scan.ts';
import type { Tasks } from './tasks.ts';

export interface ImportOptions {
  headers: Pick<Headers, 'forFile'>;
  /** The models folder. */
  folder: string;
  tasks: Tasks;
  entries: readonly Entry[];
  /** Absolute paths that imports under way are to make. */
  claimed: Set<string>;
  /** Takes a file into the list of those that are used where they lie. */
  refer(file: string): Promise<void>;
}

/**
 * Imports the model or projector in `file` (absolute), any shard with the others and the projector beside it, and gives the id that it has
 * in the library; a projector gives the id of the model that it was put beside. What came with another file is only named. Its header is read first. Errors: library.noFile, gguf.*,
 * library.exists, library.cannotLink, library.noModelFor, library.whichModel, download.diskFull, cancelled.
 */
export async function importFile(file: string, mode: ImportMode, options: ImportOptions): Promise<string> {
  const { headers, folder, entries } = options;
  const listed = entries.find(({ model }) => [...model.files, model.projector].some((each) => each && resolve(folder, each.path) === file));
  if (listed) return listed.model.id;
  const found = await findOne(file);
  const alone = found.projectors.find(({ path }) => resolve(path) === file);
  const model = found.models[0];
  if (!alone && !model) throw new Fault('library.noFile', `There is no model file ${file}.`, { path: file });
  if (model?.incomplete) throw new Fault('gguf.partMissing', `Some parts of ${basename(file)} are missing.`, { file });
  const { facts } = await headers.forFile(alone ? [file] : model!.files.map(({ path }) => path));
  if (alone || facts.clip) return importProjector(file, facts, mode, options);
  if (facts.type !== 'model') throw new Fault('gguf.notGguf', `${basename(file)} is no model but of the kind "${facts.type}".`, { file });
  if (mode === 'reference') {
    const first = model!.files[0]!.path;
    await options.refer(resolve(first));
    return first;
  }
  const projectors = await Promise.all(found.projectors.map((each) => headersOf(headers, each)));
  const projector = projectorFor(
    model!.files[0]!.within,
    facts,
    projectors.filter((each) => each !== undefined),
  );
  const target = join(folder, 'imported', stemOf(file));
  const id = relative(folder, join(target, fileName(model!.files[0]!.path))).replaceAll('\\', '/');
  const came = entries.find((entry) => entry.model.id === id);
  const isLater = resolve(model!.files[0]!.path) !== file;
  if (isLater && came && isSame(came.model.files, model!.files)) return id;
  await bring([...model!.files, ...(projector ? [projector.file] : [])], target, mode, options);
  return id;
}

/** By what can be told without reading them. */
const isSame = (some: readonly Pick<FoundFile, 'size'>[], others: readonly Pick<FoundFile, 'size'>[]): boolean =>
  some.length === others.length && some.every(({ size }, index) => size === others[index]!.size);

const headersOf = (headers: Pick<Headers, 'forFile'>, file: FoundFile) =>
  headers.forFile([file.path]).then(
    ({ facts }) => ({ within: file.within, file, facts }),
    () => undefined,
  );

/** Into the folder of the one model of ours that it goes with and that has none. */
async function importProjector(file: string, facts: ModelFacts, mode: ImportMode, options: ImportOptions): Promise<string> {
  const { folder, entries } = options;
  const fits = entries.filter(({ place, model, facts: its }) => isOwn(place) && !model.vision && its && goesWith(facts, its));
  const { size } = await stat(file);
  const isIts = ({ projector }: LibraryModel): boolean =>
    projector !== undefined && basename(projector.path) === fileName(file) && isSame([projector], [{ size }]);
  const came = entries.find(({ place, model }) => isOwn(place) && isIts(model));
  if (fits.length === 0 && came) return came.model.id;
  const folders = [...new Set(fits.map(({ model }) => dirname(resolve(folder, model.files[0]!.path))))];
  const names = [...new Set(fits.map(({ model }) => model.name))].join(', ');
  if (folders.length === 0) throw new Fault('library.noModelFor', 'No model in the library goes with this projector.', { file: basename(file) });
  if (folders.length > 1) throw new Fault('library.whichModel', `Several models go with this projector: ${names}.`, { file: basename(file), names });
  // A projector is found in its model's folder alone, so it cannot stay where it lies.
  await bring([{ path: file, size }], folders[0]!, mode === 'reference' ? 'link' : mode, options);
  return fits[0]!.model.id;
}

/** Gives all of these files a name in `target`, or none of them. Two files of one name never become one, also when they come at the same time. */
async function bring(files: readonly Pick<FoundFile, 'path' | 'size'>[], target: string, mode: ImportMode, { tasks, claimed }: ImportOptions): Promise<void> {
  const pairs = files.map(({ path, size }) => ({ from: path, to: join(target, fileName(path)), size }));
  const taken = pairs.find(({ to }) => claimed.has(to) || existsSync(to))?.to;
  if (taken !== undefined) throw new Fault('library.exists', `There is already a file ${taken}.`, { file: taken });
  for (const { to } of pairs) claimed.add(to);
  const brought: string[] = [];
  try {
    await changing(pairs[0]!.to, () => mkdir(target, { recursive: true }));
    if (mode === 'link') {
      for (const { from, to } of pairs) {
        await hardLink(from, to);
        brought.push(to);
      }
      return;
    }
    const total = pairs.reduce((sum, { size }) => sum + size, 0);
    await tasks.run({ kind: 'import', name: pairs[0]!.from, total }, async (signal, onBytes) => {
      let before = 0;
      for (const { from, to, size } of pairs) {
        await copyWhole(from, to, signal, (bytes) => onBytes(before + bytes));
        brought.push(to);
        before += size;
      }
    });
  } catch (error) {
    // Some shards of a model are of no use.
    for (const to of brought) await rm(to, { force: true });
    for (const folder of [target, dirname(target)]) await rmdir(folder).catch(() => {});
    throw error;
  } finally {
    for (const { to } of pairs) claimed.delete(to);
  }
}

/** Its name in the library, where only names of GGUF files are looked at, and those that begin with a dot are passed over. */
function fileName(path: string): string {
  const name = basename(path).replace(/^\.+/, '');
  return /.\.gguf$/i.test(name) ? name : `${name}.gguf`;
}

/** The folder that an imported model gets: its name without shard and ending, which must not hide it. */
function stemOf(file: string): string {
  const { shard } = parseFileName(file.replaceAll('\\', '/'));
  const stem = basename(shard?.group ?? file).replace(/\.gguf$|-of-\d+$/gi, '');
  return stem.replace(/^\.+/, '') || 'model';
}

/** What a person typed, pasted or dropped as an absolute path; `~` is their home folder, and an address that begins with `file:` is its path. Errors: library.noFile. */
export async function locate(typed: string): Promise<{ path: string; isFolder: boolean }> {
  const path = absolutePath(typed);
  const found = path !== undefined ? await stat(path).catch(() => undefined) : undefined;
  if (path === undefined || !found) throw new Fault('library.noFile', `There is no file ${typed}.`, { path: typed });
  return { path: resolve(path), isFolder: found.isDirectory() };
}

function absolutePath(typed: string): string | undefined {
  if (isAbsolute(typed)) return typed;
  if (/^~[\\/]/.test(typed)) return join(homedir(), typed.slice(2));
  try {
    return /^file:/i.test(typed) ? fileURLToPath(typed) : undefined;
  } catch {
    return undefined;
  }
}
