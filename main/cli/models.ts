/** `atelier ls`, `rm`, `import` and `verify`: the library, as objects for programs and as text for people. */
import path from 'node:path';
import { createFormat } from '../../shared/format.ts';
import type { ImportMode, LibraryModel } from '../../shared/schemas/library.ts';
import { appFolders } from '../library/apps.ts';
import { createLibrary, type Library } from '../library/index.ts';
import { lockModels } from '../library/lock.ts';
import { type Verified, verifyFiles } from '../library/verify.ts';
import { openSettings } from '../settings/store.ts';
import { UsageError } from './arguments.ts';
import type { Progress } from './progress.ts';
import type { Services } from './services.ts';
import { table } from './table.ts';

const format = createFormat('en-GB');
const none = 'No models on this computer.';

export interface Answer {
  report: object;
  text: string;
  /** Something is not as it should be. */
  failed?: boolean;
}

/** The library as the app sees it, looked through. */
export async function openLibrary({ folders, headers }: Services): Promise<Library> {
  // Read once more: before the models folder was ours, another command may have changed its lists.
  const settings = openSettings(path.join(folders.data, 'settings.json'));
  const lists = { get: () => settings.get().library, set: (library: ReturnType<typeof settings.get>['library']) => void settings.change({ library }) };
  const library = createLibrary({ folders, headers, cacheFolder: folders.cache, lists, apps: () => appFolders() });
  await library.refresh();
  return library;
}

/** What changes the library is done alone. */
async function alone<T>({ folders }: Services, act: () => Promise<T>): Promise<T> {
  const unlock = lockModels(folders.models);
  try {
    return await act();
  } finally {
    unlock();
  }
}

const rowOf = ({ id, name, repo, label, size, files, projector, source, vision, contextLength, verified, problem }: LibraryModel) => ({
  ...{ id, name, repo, label, size, files, projector: projector ?? null, app: source.app, folder: source.folder },
  ...{ vision, contextLength, verified, problem: problem ?? null },
});

/** Every model of every folder. */
export async function runList(services: Services): Promise<Answer> {
  const models = (await openLibrary(services)).list();
  const rows = models.map(({ name, label, size, source, problem, id }) => [name, label, format.fileSize(size), source.app, problem ?? '', id]);
  return {
    report: models.map(rowOf),
    text: models.length === 0 ? none : table([['NAME', 'QUANT', 'SIZE', 'FROM', '', 'ID'], ...rows], [2]),
  };
}

/** By id, by `repo:quant`, or by a repository that has one quantization here. Throws `UsageError`. */
function find(models: readonly LibraryModel[], wanted: string): LibraryModel {
  const low = wanted.toLowerCase();
  const exact = models.find(({ id }) => id === wanted);
  const found = exact
    ? [exact]
    : models.filter(({ repo, label, name }) => [`${repo}:${label}`, repo, name, `${name} ${label}`].some((each) => each.toLowerCase() === low));
  if (found.length === 1) return found[0]!;
  if (found.length === 0) throw new UsageError(`There is no model "${wanted}" on this computer. "atelier ls" names them.`);
  throw new UsageError(`"${wanted}" is more than one model: ${found.map(({ id }) => id).join(', ')}.`);
}

/** Into the bin, from where the app brings it back, or away for good. Errors: those of `Library.remove`, `library.locked`; `UsageError`. */
export function runRemove(services: Services, wanted: string, forGood: boolean): Promise<Answer> {
  return alone(services, async () => {
    const library = await openLibrary(services);
    const model = find(library.list(), wanted);
    const { files } = await library.removal(model.id);
    await library.remove(model.id, forGood);
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const report = { id: model.id, files, size, bin: files.length > 0 && !forGood };
    const lines = files.map((file) => `${file.path}  ${format.fileSize(file.size)}`);
    const text =
      files.length === 0
        ? `${model.id} is off the list; the file stays where it is.`
        : [forGood ? 'Deleted for good:' : 'Moved to the bin for 30 days:', ...lines].join('\n');
    return { report, text };
  });
}

/** Errors: those of `importFile`, `library.locked`. */
export function runImport(services: Services, file: string, mode: ImportMode, progress: Progress, signal: AbortSignal): Promise<Answer> {
  return alone(services, async () => {
    const library = await openLibrary(services);
    const watching = new AbortController();
    signal.addEventListener('abort', () => void library.tasks.close(), { once: true });
    void (async () => {
      for await (const [task] of library.tasks.watch(watching.signal)) if (task && !task.error) progress.show(path.basename(task.name), task.done, task.total);
    })();
    try {
      const id = await library.import(path.resolve(file), mode);
      return { report: { id: id ?? null, mode }, text: id === undefined ? `${path.resolve(file)} is looked through from now on.` : `Imported as ${id}.` };
    } finally {
      watching.abort();
      progress.clear();
    }
  });
}

const words: Record<Verified['state'], string> = { same: 'ok', changed: 'CHANGED', unknown: 'nothing to compare with', unreadable: 'UNREADABLE' };

/** Reads every file again. Fails where one is not what it should be. Errors: `cancelled`; `UsageError`. */
export async function runVerify(services: Services, wanted: string | undefined, progress: Progress, signal: AbortSignal): Promise<Answer> {
  const all = (await openLibrary(services)).list().filter(({ problem }) => problem !== 'missingDrive');
  const models = wanted === undefined ? all : [find(all, wanted)];
  const total = models.reduce((sum, { size }) => sum + size, 0);
  const files = await verifyFiles(services.folders.models, models, signal, (done, name) => progress.show(name, done, total)).finally(progress.clear);
  const count = (state: Verified['state']): number => files.filter((file) => file.state === state).length;
  const bad = count('changed') + count('unreadable');
  const rows = files.map(({ path: name, size, state }) => [words[state], format.fileSize(size), name]);
  const sum = `${format.count(files.length)} ${files.length === 1 ? 'file' : 'files'}: ${count('same')} ok, ${count('unknown')} with nothing to compare with, ${bad} wrong.`;
  const changed = new Set(files.filter(({ state }) => state === 'changed').map((file) => file.path));
  const apps = models.filter((model) => [...model.files, model.projector].some((file) => file && changed.has(file.path))).map(({ source }) => source.app);
  const next = [
    apps.includes('atelier') && ' Pull the model again to mend it; what lies there now goes to the bin.',
    apps.some((app) => app !== 'atelier') && ' What belongs to another app is mended there.',
  ];
  return {
    report: files.map((file) => ({ ...file, sha256: file.sha256 ?? null, expected: file.expected ?? null })),
    text: files.length === 0 ? none : [table(rows, [1]), sum + next.filter(Boolean).join('')].join('\n'),
    failed: bad > 0,
  };
}
