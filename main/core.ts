/** Builds the services from a Platform and returns what a renderer may ask of them. */
import path from 'node:path';
import type { Core } from '../shared/contract/core.ts';
import { Fault } from '../shared/result.ts';
import type { Handlers } from '../shared/rpc/define.ts';
import type { ModelDetail } from '../shared/schemas/hub.ts';
import type { LoadSettings } from '../shared/schemas/memory.ts';
import { type Blobs, createBlobs } from './blobs/store.ts';
import { createAnswering } from './chats/answering.ts';
import { createHeld } from './chats/held.ts';
import { createPurge } from './chats/purge.ts';
import { createChats } from './chats/service.ts';
import { openDatabase } from './db/open.ts';
import { elsewhereIn } from './downloads/elsewhere.ts';
import { createDownloads } from './downloads/queue.ts';
import { createLoads, openLoads } from './engine/loads.ts';
import { type Bytes, heldBytes } from './engine/room.ts';
import { selfTest } from './engine/selfTest.ts';
import { textServer } from './engine/serverBuild.ts';
import { openStates, stateKey } from './engine/states.ts';
import { createEngine, type Engine, type Loaded } from './engine/supervisor.ts';
import { ejectUnused } from './engine/unused.ts';
import { defaultBuild } from './engine/vision.ts';
import { createHeaders } from './gguf/headers.ts';
import { readPrograms } from './hardware/programs.ts';
import { readCard } from './hub/card.ts';
import { createHub } from './hub/client.ts';
import { readModel } from './hub/files.ts';
import { createNetwork } from './hub/network.ts';
import { createSearch } from './hub/searchCache.ts';
import { readPage } from './hub/security.ts';
import { createTraits } from './hub/traits.ts';
import { appFolders } from './library/apps.ts';
import { recoverMoves } from './library/former.ts';
import { createLibrary } from './library/index.ts';
import { lockModels } from './library/lock.ts';
import { createMoves } from './library/move.ts';
import { createRenewals } from './library/renewal.ts';
import { createStorage } from './library/storage.ts';
import { createLog, type Log } from './log.ts';
import { createAhead } from './memory/ahead.ts';
import { calibrateLoads, createCalibration } from './memory/calibrate.ts';
import { createMemory } from './memory/estimate.ts';
import { createSpeed } from './memory/speed.ts';
import { openModelsFolder } from './modelsFolder.ts';
import type { Platform } from './platform.ts';
import { createHubPlace } from './sampleHub.ts';
import { sweepScratch } from './scratch.ts';
import { openSettings } from './settings/store.ts';

export type CoreHandlers = Handlers<Core>;

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
  const modelsFolder = openModelsFolder(shell.folders);
  const { folders } = modelsFolder;
  const platform = tidied({ ...shell, folders });
  const log = createLog({ folder: path.join(folders.data, 'logs') });
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
  const states = openStates(path.join(folders.cache, 'states'));
  const engine = createEngine({
    platform,
    log: log.scope('engine'),
    last: openLoads(folders.data).get().last?.modelId,
    stateFolder: states.folder,
    leaving: (model, save) => held.leave(model, save),
  });
  let version: Promise<string> | undefined;
  const held = createHeld({
    states,
    engine,
    async key(chatId, modelId, { backend, vision, settings: loaded }) {
      // It stays the same, and a process is started to tell.
      version ??= engine.hardware(folders.models).then(({ llamaCpp }) => llamaCpp);
      const { files, projector } = await library.resolve(modelId);
      return stateKey({ chatId, backend, model: files[0]!, projector: vision ? projector : undefined, settings: loaded, llamaCpp: await version });
    },
    limit: () => settings.get().stateCacheBytes,
    log: log.scope('chats'),
  });
  void purge.expire(Date.now()).then(
    (chats) => chats.forEach(held.forget),
    (error: unknown) => log.scope('chats').error('What was deleted long ago could not be removed', { error }),
  );
  const calibration = createCalibration({ folder: folders.data });
  const speed = createSpeed({ folder: folders.data, measure: engine.bandwidth, quiet: () => isQuiet(engine) });
  const model = (repo: string, signal: AbortSignal): Promise<ModelDetail> => readModel(hub, repo, signal);
  const memory = createMemory({
    headers,
    library,
    engine,
    folders,
    model,
    loaded: (cards) => heldMemory(engine.loaded(), cards),
    served: textServer(folders.cache),
    speed,
    calibration,
  });
  const estimateAhead = createAhead(memory);
  const watching = new AbortController();
  void calibrateLoads({ engine, calibration, folders, signal: watching.signal });
  const loads = createLoads({
    folder: folders.data,
    engine,
    library,
    memory,
    hardware: () => engine.hardware(folders.models),
    settings: (id) => ({ global: settings.get().load, model: settings.get().modelLoads[id] }),
  });
  void ejectUnused({
    engine,
    minutes: map(settings.watch(watching.signal), (now) => now.ejectAfterMinutes),
    own: (id) => settings.get().modelLoads[id]?.keepMinutes,
    signal: watching.signal,
  });
  const search = createSearch({ hub, cacheFolder: folders.cache });
  const traits = createTraits({
    model,
    estimate: memory.estimate,
    settings: () => settings.get().load,
  });
  const place = createHubPlace({ home: network.address, startSampleHub: platform.startSampleHub, hub });
  const downloads = createDownloads({
    hub,
    folders,
    model: (repo) => model(repo, new AbortController().signal),
    elsewhere: (file) => elsewhereIn(library.list(), folders.models, file),
    onFinished: () => void library.refresh(),
    settings: settings.get().downloads,
  });
  const isLoaded = (id: string): boolean => {
    const state = engine.state();
    return (state.status === 'loading' && state.modelId === id) || engine.loaded().some(({ modelId }) => modelId === id);
  };
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
    db,
    blobs,
    engine: createAnswering({ engine, loads, speed, held }),
    settings,
    recommended: (id) => library.list().find((model) => model.id === id)?.sampling,
    log: log.scope('chats'),
  });

  const renewals = createRenewals({ hub, folders, library, model });
  const refuseLoaded = (id: string): void => {
    if (isLoaded(id)) throw new Fault('library.inUse', 'This model is loaded. Eject it first.', { id });
  };

  const handlers: CoreHandlers = {
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
    async 'library.remove'({ id }) {
      refuseLoaded(id);
      await library.remove(id);
    },
    'library.restore': ({ id }) => library.restore(id),
    'library.refresh': () => library.refresh(),
    'library.removal': ({ id }) => library.removal(id),
    'library.bin': (_, { signal }) => library.watchBin(signal),
    'library.emptyBin': ({ id }) => library.emptyBin(id),
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

  return {
    handlers,
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

/** The platform, with what its engines leave behind removed: of killed ones, and of those of an app that was killed. */
function tidied(platform: Platform): Platform {
  void sweepScratch();
  return {
    ...platform,
    startEngine(env) {
      const process = platform.startEngine(env);
      void process.exited.then(sweepScratch);
      return process;
    },
  };
}

async function* map<T, U>(values: AsyncIterable<T>, to: (value: T) => U): AsyncIterable<U> {
  for await (const value of values) yield to(value);
}

async function each<T>(values: AsyncIterable<T>, on: (value: T) => void | Promise<void>): Promise<void> {
  for await (const value of values) await on(value);
}

/** Bytes that the loaded models give back when another needs their room. */
const heldMemory = (loaded: Loaded[], cards: LoadSettings['cards']): Bytes =>
  loaded.reduce(
    (sum, { model }) => {
      const { gpu, ram } = heldBytes(model, cards) ?? { gpu: 0, ram: 0 };
      return { gpu: sum.gpu + gpu, ram: sum.ram + ram };
    },
    { gpu: 0, ram: 0 },
  );

/** Nothing computes that would disturb a measurement. */
const isQuiet = (engine: Engine): boolean => engine.state().status !== 'loading' && engine.loaded().every(({ answering }) => !answering);
