/** What lies in the folders of the library at the moment, looked through one after the other, our own first. */
import { join } from 'node:path';
import * as z from 'zod/mini';
import { compareQuality } from '../../shared/quant.ts';
import { Fault } from '../../shared/result.ts';
import { type LibraryLists, type LibraryModel, type LibraryPlace, libraryModel } from '../../shared/schemas/library.ts';
import { openKept } from '../memory/kept.ts';
import { createWatched, type Watched } from '../watched.ts';
import type { AppFolder } from './apps.ts';
import { createEntries, type EntriesOptions, type Entry } from './entry.ts';
import { isThere, type Place, placesOf } from './places.ts';

export interface ShelfOptions extends EntriesOptions {
  /** For what can be found out again. */
  cacheFolder: string;
  lists(): LibraryLists;
  apps(): readonly AppFolder[];
  /** Called after each look, before it is over. */
  onLooked(): Promise<void>;
}

export interface Shelf {
  /** Sorted by name. */
  models: Watched<LibraryModel[]>;
  places: Watched<LibraryPlace[]>;
  entries(): Entry[];
  /** Looks at all folders again; who asks during a look gets the one after it. */
  refresh(): Promise<void>;
  /** Settles once our own folder has been looked through. */
  ready: Promise<void>;
  /** Looks as far as it takes. Errors: library.notFound. */
  find(id: string): Promise<Entry>;
}

interface Looked {
  place: Place;
  there: boolean;
  entries: Entry[];
}

const seenModels = z.object({ v: z.literal(1), models: z.array(libraryModel) });

/** A shelf that nobody has looked at yet. What lay on a drive that is not there is remembered from the last look. */
export function createShelf(options: ShelfOptions): Shelf {
  const { folders, cacheFolder, lists, apps, onLooked } = options;
  const entriesOf = createEntries(options);
  const seen = openKept(join(cacheFolder, 'library.json'), seenModels, { v: 1, models: [] });
  const models = createWatched<LibraryModel[]>([]);
  const places = createWatched<LibraryPlace[]>([]);
  const remembered = (place: Place): LibraryModel[] =>
    seen.get().models.filter(({ id, source }) => (place.reference ? id === nameOf(place.reference) : source.folder === place.folder && !source.reference));
  // Until its turn comes, a place has what it had when the app was last closed.
  let looked: Looked[] = placesOf(folders.models, lists(), apps()).map((place) => ({
    place,
    there: true,
    entries: remembered(place).map((model) => ({ place, found: [], model, remembered: true })),
  }));
  let entries = new Map<string, Entry>();

  const lookAt = async (place: Place): Promise<Looked> => {
    const there = await isThere(place.reference ?? place.folder);
    if (there) return { place, there, entries: await entriesOf(place, await place.find()) };
    // Of an app that is gone nothing is said; the person's own folders are on a drive that will come back.
    const mine = place.app === 'atelier' || place.app === 'folder';
    const missing = mine ? remembered(place) : [];
    return { place, there, entries: missing.map((model) => ({ place, found: [], model: { ...model, problem: 'missingDrive' }, fault: gone(model) })) };
  };

  const publish = (): void => {
    const all = new Map<string, Entry>();
    for (const entry of looked.flatMap((each) => each.entries)) if (!all.has(entry.model.id)) all.set(entry.model.id, entry);
    const sorted = [...all.values()].sort(({ model: a }, { model: b }) => a.name.localeCompare(b.name) || a.repo.localeCompare(b.repo) || compareQuality(a, b));
    entries = new Map(sorted.map((entry) => [entry.model.id, entry]));
    const next = sorted.map(({ model }) => model);
    // Each look publishes as often as there are places; who watches hears only of changes.
    if (JSON.stringify(next) !== JSON.stringify(models.get())) models.set(next);
  };

  const placesNow = (): LibraryPlace[] => {
    const hidden = apps().filter(({ app }) => lists().hidden.includes(app));
    const shown = looked.filter(({ place, there }) => place.reference === undefined && (there || place.app === 'atelier' || place.app === 'folder'));
    return [
      ...shown.map(({ place, there, entries: own }) => ({
        ...{ app: place.app, folder: place.folder, there, shown: true, models: own.length },
        size: own.reduce((sum, { model }) => sum + model.size, 0),
      })),
      ...hidden.map(({ app, folder: at }) => ({ app, folder: at, there: true, shown: false, models: 0, size: 0 })),
    ];
  };

  let ownLooked = (): void => {};
  const ready = new Promise<void>((done) => {
    ownLooked = done;
  });
  const look = async (): Promise<void> => {
    const all = placesOf(folders.models, lists(), apps());
    const before = looked;
    const next: Looked[] = [];
    for (const place of all) {
      next.push(await lookAt(place));
      // Those whose turn is still to come stay as they were.
      looked = [...next, ...before.filter((one) => all.slice(next.length).some((each) => isSame(each, one.place)))];
      publish();
      ownLooked();
    }
    seen.set({ v: 1, models: models.get() });
    places.set(placesNow());
    await onLooked();
  };

  let running: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;
  const refresh = (): Promise<void> => {
    if (!running) {
      running = look().finally(() => {
        running = undefined;
        ownLooked();
      });
      return running;
    }
    waiting ??= running
      .catch(() => {})
      .then(() => {
        waiting = undefined;
        return refresh();
      });
    return waiting;
  };

  return {
    models,
    places,
    entries: () => [...entries.values()],
    refresh,
    ready,
    async find(id) {
      await ready;
      const known = entries.get(id);
      if (!known || known.remembered) await running?.catch(() => {});
      const entry = entries.get(id);
      if (!entry) throw new Fault('library.notFound', 'This model is not in the library.', { id });
      return entry;
    },
  };
}

/** The library's name of an absolute path. */
export const nameOf = (path: string): string => path.replaceAll('\\', '/');

const isSame = (one: Place, other: Place): boolean => one.folder === other.folder && one.reference === other.reference;

const gone = ({ name, source }: LibraryModel): Fault =>
  new Fault('library.missing', `${name} lies in ${source.folder}, which is not there now.`, { name, folder: source.folder });
