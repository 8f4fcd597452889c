/** What a renderer may ask of core, call by call, and which service answers it. */
import type { Core } from '../shared/contract/core.ts';
import { Fault } from '../shared/result.ts';
import type { Handlers } from '../shared/rpc/define.ts';
import type { Blobs } from './blobs/store.ts';
import type { Chats } from './chats/service.ts';
import type { Downloads } from './downloads/queue.ts';
import { selfTest } from './engine/selfTest.ts';
import { defaultBuild } from './engine/vision.ts';
import { readPrograms } from './hardware/programs.ts';
import { readCard } from './hub/card.ts';
import type { Hub } from './hub/client.ts';
import type { Network } from './hub/network.ts';
import type { Search } from './hub/searchCache.ts';
import { readPage } from './hub/security.ts';
import type { Traits } from './hub/traits.ts';
import type { Library } from './library/index.ts';
import type { Moves } from './library/move.ts';
import type { Renewals } from './library/renewal.ts';
import type { Storage } from './library/storage.ts';
import { createAhead } from './memory/ahead.ts';
import type { Platform } from './platform.ts';
import type { Running } from './running.ts';
import type { HubPlace } from './sampleHub.ts';
import type { SettingsStore } from './settings/store.ts';

export type CoreHandlers = Handlers<Core>;

/** The services of one core. */
export interface Services extends Running {
  platform: Platform;
  settings: SettingsStore;
  network: Network;
  hub: Hub;
  place: HubPlace;
  search: Search;
  traits: Traits;
  library: Library;
  downloads: Downloads;
  renewals: Renewals;
  moves: Moves;
  storage: Storage;
  blobs: Blobs;
  chats: Chats;
}

/** Errors are those of the services; `library.inUse` where a loaded model would be changed or removed. */
export function createHandlers(services: Services): CoreHandlers {
  const { platform, settings, network, hub, place, search, traits, library, downloads, renewals, moves, storage, blobs, chats } = services;
  const { engine, memory, loads, isLoaded } = services;
  const { folders } = platform;
  const estimateAhead = createAhead(memory);
  const refuseLoaded = (id: string): void => {
    if (isLoaded(id)) throw new Fault('library.inUse', 'This model is loaded. Eject it first.', { id });
  };

  return {
    ...chats.handlers,

    'app.info': () => ({ version: platform.version, shell: platform.shell, dataFolder: folders.data, modelsFolder: folders.models }),

    'settings.watch': (_, { signal }) => settings.watch(signal),
    'settings.change': (change) => settings.change(change),

    'network.status': () => network.status(hub.tokenUsedAt),
    async 'network.setToken'({ token }) {
      await network.setToken(token);
      place.changed();
    },
    'network.setProxyPassword': ({ password }) => network.setProxyPassword(password),
    'network.test': ({ what }, { signal }) => network.test(what, signal),

    'hub.status': (_, { signal }) => place.watch(signal),
    'hub.useSample': ({ sample }) => place.choose(sample),
    'hub.search': (question, { signal }) => search.search(question, signal),
    'hub.model': ({ repo }, { signal }) => readPage(hub, repo, signal),
    'hub.traits': ({ repo }, { signal }) => traits.traits(repo, signal),
    'hub.card': (what, { signal }) => readCard(hub, what, signal),

    'hardware.get': () => engine.hardware(folders.models),
    'hardware.cards': () => engine.cards(),
    'hardware.programs': () => readPrograms(process.pid),
    'memory.estimate': (question, { signal }) => estimateAhead(question, signal),
    'memory.limits': (question, { signal }) => memory.limits(question, signal),

    'downloads.watch': (_, { signal }) => downloads.watch(signal),
    'downloads.start': (what) => downloads.start(what),
    'downloads.pause': ({ id }) => downloads.pause(id),
    'downloads.resume': ({ id, here }) => downloads.resume(id, here),
    'downloads.pauseAll': () => downloads.pauseAll(),
    'downloads.resumeAll': () => downloads.resumeAll(),
    'downloads.move': ({ id, before }) => downloads.move(id, before),
    'downloads.renew': ({ id }) => downloads.renew(id),
    'downloads.cancel': ({ id }) => downloads.cancel(id),
    'downloads.dismiss': ({ id }) => downloads.dismiss(id),

    'library.watch': (_, { signal }) => library.watch(signal),
    async 'library.remove'({ id, forGood }) {
      refuseLoaded(id);
      await library.remove(id, forGood);
    },
    'library.restore': ({ id, removedAt }) => library.restore(id, removedAt),
    'library.refresh': () => library.refresh(),
    'library.removal': ({ id }) => library.removal(id),
    'library.bin': (_, { signal }) => library.watchBin(signal),
    'library.emptyBin': ({ id, removedAt }) => library.emptyBin(id, removedAt),
    'library.places': (_, { signal }) => library.watchPlaces(signal),
    'library.addFolder': ({ folder }) => library.addFolder(folder),
    'library.forgetFolder': ({ folder }) => library.forgetFolder(folder),
    'library.showApp': ({ app, shown }) => library.showApp(app, shown),
    'library.import': async ({ path: file, mode }) => {
      const id = await library.import(file, mode);
      return { ...(id !== undefined && { id }) };
    },
    'library.tasks': (_, { signal }) => library.tasks.watch(signal),
    'library.endTask': ({ id }) => library.tasks.end(id),
    'library.duplicates': (_, { signal }) => library.watchDuplicates(signal),
    'library.compare': () => library.compare(),
    'library.link': ({ sha256 }) => library.link(sha256),
    'library.renewal': async ({ id }, { signal }) => ({ bytes: (await renewals.look(id, signal)) ?? null }),
    async 'library.renew'({ id }) {
      refuseLoaded(id);
      await renewals.renew(id);
    },
    async 'library.undoRenewal'({ id }) {
      refuseLoaded(id);
      await renewals.undo(id);
    },
    'library.movePlan': ({ folder }) => moves.plan(folder),
    'library.move': ({ folder }) => moves.move(folder),
    'library.storage': () => storage.read(),
    'library.reclaim': ({ kind }) => storage.reclaim(kind),

    'engine.watch': (_, { signal }) => engine.watch(signal),
    'engine.load': ({ id, ...wish }, { signal }) => loads.load(id, wish, signal),
    'engine.selfTest': (_, { signal }) => selfTest({ platform, build: defaultBuild(folders.cache), hardware: () => engine.hardware(folders.models) }, signal),
    'engine.unload': ({ id }) => engine.unload(id),

    'blobs.put': ({ bytes }) => blobs.put(bytes),
  };
}
