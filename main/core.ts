/** Builds the services from a Platform: the handlers are what a renderer may ask of them. */
import path from 'node:path';
import type { ModelDetail } from '../shared/schemas/hub.ts';
import { type Blobs, createBlobs } from './blobs/store.ts';
import { createAnswering } from './chats/answering.ts';
import { createPurge } from './chats/purge.ts';
import { createChats } from './chats/service.ts';
import { openDatabase } from './db/open.ts';
import { elsewhereIn } from './downloads/elsewhere.ts';
import { createDownloads } from './downloads/queue.ts';
import { createHeaders } from './gguf/headers.ts';
import { type CoreHandlers, createHandlers } from './handlers.ts';
import { createHub } from './hub/client.ts';
import { readModel } from './hub/files.ts';
import { createNetwork } from './hub/network.ts';
import { createSearch } from './hub/searchCache.ts';
import { createTraits } from './hub/traits.ts';
import { appFolders } from './library/apps.ts';
import { recoverMoves } from './library/former.ts';
import { createLibrary } from './library/index.ts';
import { lockModels } from './library/lock.ts';
import { createMoves } from './library/move.ts';
import { createRenewals } from './library/renewal.ts';
import { createStorage } from './library/storage.ts';
import { createLog, type Log } from './log.ts';
import { openModelsFolder } from './modelsFolder.ts';
import type { Platform } from './platform.ts';
import { createRunning } from './running.ts';
import { createHubPlace } from './sampleHub.ts';
import { sweepScratch, sweptAfter } from './scratch.ts';
import { openSettings } from './settings/store.ts';
import { each } from './watched.ts';

export interface RunningCore {
  handlers: CoreHandlers;
  /** For the shell that serves pictures at `blobs/<sha256>`. */
  blobs: Blobs;
  log: Log;
  /** Pauses downloads, ends the engine and closes the database. */
  close(): Promise<void>;
}

/** Everything that Atelier does, without a window. */
export async function createCore(shell: Platform): Promise<RunningCore> {
  const log = createLog({ folder: path.join(shell.folders.data, 'logs') });
  const modelsFolder = openModelsFolder(shell.folders, log.scope('library'));
  const { folders } = modelsFolder;
  const platform = { ...shell, folders, startEngine: sweptAfter(shell.startEngine) };
  const settings = openSettings(path.join(folders.data, 'settings.json'), log.scope('settings'));
  const db = openDatabase(path.join(folders.data, 'atelier.db'), log.scope('database'));
  let unlock = lockModels(folders.models);
  await recoverMoves(modelsFolder).catch((error: unknown) => log.scope('library').warn('What a move left behind could not be cleared up', { error }));
  const blobs = createBlobs(path.join(folders.data, 'blobs'));
  const purge = createPurge({ db, blobs });
  const network = createNetwork({ platform, settings, log: log.scope('network') });
  await network.apply();
  const hub = createHub(network.address());
  const headers = createHeaders({ hub, cacheFolder: folders.cache });
  const library = createLibrary({
    folders,
    headers,
    cacheFolder: folders.cache,
    lists: { get: () => settings.get().library, set: (lists) => void settings.change({ library: lists }) },
    apps: () => appFolders(),
    former: () => modelsFolder.get().former.map(({ folder }) => folder),
  });
  const model = (repo: string, signal: AbortSignal): Promise<ModelDetail> => readModel(hub, repo, signal);
  const watching = new AbortController();
  const running = createRunning({ platform, settings, library, headers, model, log, signal: watching.signal });
  const { engine, held, isLoaded } = running;
  void purge.expire(Date.now()).then(
    (chats) => chats.forEach(held.forget),
    (error: unknown) => log.scope('chats').error('What was deleted long ago could not be removed', { error }),
  );
  const search = createSearch({ hub, cacheFolder: folders.cache });
  const traits = createTraits({
    model,
    estimate: running.memory.estimate,
    settings: () => settings.get().load,
  });
  const place = createHubPlace({ home: network.address, startSampleHub: platform.startSampleHub, hub });
  const downloads = createDownloads({
    hub,
    folders,
    model: (repo) => model(repo, new AbortController().signal),
    elsewhere: (file) => elsewhereIn(library.list(), folders.models, file),
    onFinished: () => void library.refresh(),
    log: log.scope('downloads'),
    settings: settings.get().downloads,
  });
  const moves = createMoves({
    models: modelsFolder,
    library,
    downloads,
    apps: () => appFolders(),
    isLoaded,
    onLocked(next) {
      const last = unlock;
      unlock = next;
      return last;
    },
    log: log.scope('library'),
  });
  const storage = createStorage({
    ...{ folders, library, jobs: downloads.list },
    deleted: { waiting: purge.waiting, remove: async () => (await purge.run(Date.now())).forEach(held.forget) },
  });
  let networkSettings = settings.get().network;
  void each(settings.watch(watching.signal), async (next) => {
    downloads.adapt(next.downloads);
    if (JSON.stringify(next.network) === JSON.stringify(networkSettings)) return;
    networkSettings = next.network;
    await network.apply();
    place.changed();
  });
  void each(place.watch(watching.signal), () => downloads.hubChanged());
  const chats = createChats({
    ...{ db, blobs, settings },
    engine: createAnswering(running),
    recommended: (id) => library.list().find((model) => model.id === id)?.sampling,
    log: log.scope('chats'),
  });
  const renewals = createRenewals({ hub, folders, library, model });
  const services = { ...running, platform, settings, network, hub, place, search, traits, library, downloads, renewals, moves, storage, blobs, chats };

  return {
    handlers: createHandlers(services),
    blobs,
    log,
    async close() {
      watching.abort();
      await library.tasks.close();
      await downloads.close();
      chats.close();
      await engine.close();
      await sweepScratch();
      place.close();
      db.close();
      unlock();
    },
  };
}
