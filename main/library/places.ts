/** The folders that the library looks through, each in its own way. */
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { LibraryApp, LibraryLists } from '../../shared/schemas/library.ts';
import type { AppFolder } from './apps.ts';
import { scanHuggingFace, scanLlamaCpp } from './caches.ts';
import { scanOllama } from './ollama.ts';
import { type Found, type FoundFile, factsOf, scan } from './scan.ts';

export interface Place {
  app: LibraryApp;
  /** Absolute. */
  folder: string;
  /** One file that the person named, used where it lies. */
  reference?: string;
  find(): Promise<Found>;
}

/** Files of these places may be moved to the bin. */
export const isOwn = ({ app, reference }: Place): boolean => app === 'atelier' || (app === 'folder' && reference === undefined);

/** The models folder, the person's further folders and files, then those of other apps; a folder that another place is comes once. */
export function placesOf(models: string, { folders, files, hidden }: LibraryLists, apps: readonly AppFolder[]): Place[] {
  const all: Place[] = [
    { app: 'atelier', folder: models, find: () => scan(models) },
    ...apps.filter(({ app }) => !hidden.includes(app)).map(appPlace),
    ...folders.map(
      (folder): Place => ({
        app: 'folder',
        folder,
        find: async () => without(await scan(folder, prefixOf(folder)), [models, ...apps.map((app) => app.folder)]),
      }),
    ),
  ];
  const once = all.filter(({ folder }, index) => all.findIndex((other) => other.folder === folder) === index);
  return [...once, ...files.map((file): Place => ({ app: 'folder', folder: dirname(file), reference: file, find: () => findOne(file) }))];
}

/** What lies in a folder of another app is that app's, and in the models folder ours, also where the person named a folder around it, or in it. */
function without({ models, projectors }: Found, folders: readonly string[]): Found {
  const prefixes = folders.map(prefixOf);
  const isOurs = ({ path }: FoundFile): boolean => !prefixes.some((prefix) => path.startsWith(prefix));
  return { models: models.filter(({ files }) => files.every(isOurs)), projectors: projectors.filter(isOurs) };
}

function appPlace({ app, folder }: AppFolder): Place {
  const prefix = prefixOf(folder);
  const find = {
    ollama: () => scanOllama(folder),
    huggingface: () => scanHuggingFace(folder, prefix),
    llamacpp: () => scanLlamaCpp(folder, prefix),
    unsloth: () => (folder.endsWith('hub') ? scanHuggingFace(folder, prefix) : scan(folder, prefix)),
    lmstudio: () => scan(folder, prefix),
    jan: () => scan(folder, prefix),
  }[app];
  return { app, folder, find };
}

const prefixOf = (folder: string): string => `${folder.replaceAll('\\', '/').replace(/\/$/, '')}/`;

/** The model that `file` is of, with the shards and projectors beside it; whatever its name ends with. */
export async function findOne(file: string): Promise<Found> {
  const path = file.replaceAll('\\', '/');
  const { models, projectors } = await scan(dirname(file), prefixOf(dirname(file)), false);
  const named = models.filter(({ files }) => files.some((each) => each.path === path));
  if (named.length > 0 || projectors.some((each) => each.path === path)) return { models: named, projectors };
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return { models: [], projectors };
  return { models: [{ files: [{ path, within: basename(file), ...factsOf(found) }], label: undefined, incomplete: false }], projectors };
}

/** Whether a folder (or file) is there. A drive that does not answer in time is not. */
export async function isThere(path: string, timeoutMs = 3000): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const found = stat(path).then(
    () => true,
    () => false,
  );
  return Promise.race([found, late]).finally(() => clearTimeout(timer));
}
