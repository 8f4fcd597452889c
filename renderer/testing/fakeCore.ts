/** A core for tests and for looking at the page: handlers with changeable answers behind the real RPC code. */
import { type Core, core } from '../../shared/contract/core.ts';
import { parseQuery } from '../../shared/query.ts';
import { Fault } from '../../shared/result.ts';
import { type Client, connect } from '../../shared/rpc/connect.ts';
import type { Handlers } from '../../shared/rpc/define.ts';
import { portPair } from '../../shared/rpc/port.ts';
import { serve } from '../../shared/rpc/serve.ts';
import type { ChatSummary } from '../../shared/schemas/chat.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import type { EngineState, OtherModel } from '../../shared/schemas/engine.ts';
import type { HubStatus, ModelSummary } from '../../shared/schemas/hub.ts';
import type { BinItem, Duplicates, LibraryModel, LibraryPlace, LibraryTask } from '../../shared/schemas/library.ts';
import type { NetworkStatus, NetworkTest } from '../../shared/schemas/network.ts';
import { defaultSettings, type Settings } from '../../shared/schemas/settings.ts';
import { loadedModels } from '../stores/engine.ts';
import { cardMarkdown, fakeEstimate, fakeLimits, hardware, libraryStorage, modelDetail, modelTraits, searchModels, selfTestReport } from './samples.ts';

/** A value whose watchers get the one there is and every later one. */
export interface Feed<T> {
  value: T;
  push(value: T): void;
  watch(signal: AbortSignal): AsyncIterable<T>;
}

function feed<T>(value: T): Feed<T> {
  const wakes = new Set<() => void>();
  const self: Feed<T> = {
    value,
    push(next) {
      self.value = next;
      for (const wake of [...wakes]) wake();
    },
    async *watch(signal) {
      while (!signal.aborted) {
        const changed = new Promise<void>((resolve) => {
          wakes.add(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        yield self.value;
        await changed;
        wakes.clear();
      }
    },
  };
  return self;
}

export interface FakeCore {
  client: Client<Core>;
  settings: Feed<Settings>;
  hub: Feed<HubStatus>;
  downloads: Feed<DownloadJob[]>;
  library: Feed<LibraryModel[]>;
  bin: Feed<BinItem[]>;
  places: Feed<LibraryPlace[]>;
  libraryTasks: Feed<LibraryTask[]>;
  duplicates: Feed<Duplicates>;
  engine: Feed<EngineState>;
  chats: Feed<ChatSummary[]>;
  /** Every call and stream in the order they came. */
  calls: { method: string; input: unknown }[];
}

const found = (repo: string): ModelSummary => {
  const model = searchModels.find(({ id }) => id === repo);
  if (!model) throw new Fault('hub.notFound', 'No such repository', { repo });
  return model;
};

const beside = (others: OtherModel[]): { others?: OtherModel[] } => (others.length > 0 ? { others } : {});

/** A fake core whose handlers `overrides` may replace. */
export function createFakeCore(overrides: Partial<Handlers<Core>> = {}): FakeCore {
  const settings = feed<Settings>(defaultSettings);
  const hub = feed<HubStatus>({ endpoint: 'https://huggingface.co', sample: false, token: false });
  const downloads = feed<DownloadJob[]>([]);
  const library = feed<LibraryModel[]>([]);
  const bin = feed<BinItem[]>([]);
  const places = feed<LibraryPlace[]>([]);
  const libraryTasks = feed<LibraryTask[]>([]);
  const duplicates = feed<Duplicates>({ groups: [], unknown: 0 });
  const engine = feed<EngineState>({ status: 'idle' });
  const chats = feed<ChatSummary[]>([]);
  const calls: FakeCore['calls'] = [];
  let network: NetworkStatus = {
    endpoint: 'https://huggingface.co',
    token: 'none',
    tokenUsedAt: null,
    proxy: null,
    proxyPassword: false,
    keptIn: 'file',
  };
  const removed = new Map<string, LibraryModel>();
  const notHere = (): never => {
    throw new Fault('chat.notFound', 'The fake core has no chats');
  };

  const handlers: Handlers<Core> = {
    'app.info': () => ({
      version: '0.1.0',
      shell: 'headless',
      dataFolder: '/home/ada/.local/share/atelier',
      modelsFolder: '/home/ada/.local/share/atelier/models',
    }),
    'settings.watch': (_, { signal }) => settings.watch(signal),
    'settings.change'(patch) {
      settings.push({ ...settings.value, ...(patch as Partial<Settings>) });
      return settings.value;
    },
    'network.status': () => network,
    'network.setToken': ({ token }) => {
      network = { ...network, token: token === null ? 'none' : 'stored' };
    },
    'network.setProxyPassword': ({ password }) => {
      network = { ...network, proxyPassword: password !== null };
    },
    'network.test'({ what }) {
      const { endpoint } = network;
      if (what === 'token' && network.token === 'none') throw new Fault('network.noToken', 'No token');
      return { hub: { what, endpoint }, token: { what, name: 'ada' }, proxy: { what, proxy: null, endpoint }, certificates: { what, count: 2, endpoint } }[
        what
      ] as NetworkTest;
    },
    'hub.status': (_, { signal }) => hub.watch(signal),
    'hub.useSample'({ sample }) {
      hub.push({ ...hub.value, sample, endpoint: sample ? 'http://127.0.0.1:40001' : 'https://huggingface.co' });
      return hub.value;
    },
    async *'hub.search'({ query, author }) {
      const { search } = parseQuery(query);
      const like = searchModels.filter(({ id, owner }) => id.toLowerCase().includes(search.toLowerCase()) && (author === undefined || owner === author));
      yield { models: like };
    },
    'hub.model': ({ repo }) => modelDetail(found(repo)),
    'hub.traits': ({ repo }) => modelTraits(found(repo)),
    'hub.card': () => ({ markdown: cardMarkdown }),
    'hardware.get': () => hardware,
    'hardware.cards': () => [],
    'hardware.programs': () => [],
    async *'engine.selfTest'() {
      yield selfTestReport;
    },
    'memory.estimate': ({ source, settings: wanted }) => fakeEstimate(source, wanted),
    'memory.limits': ({ source, settings: wanted }) => fakeLimits(source, wanted),
    'downloads.watch': (_, { signal }) => downloads.watch(signal),
    'downloads.start': notHere,
    'downloads.pause': ({ id }) =>
      downloads.push(downloads.value.map((job) => (job.id === id ? { ...job, state: 'paused', rate: 0, secondsLeft: null } : job))),
    'downloads.resume': ({ id }) => downloads.push(downloads.value.map((job) => (job.id === id ? { ...job, state: 'running' } : job))),
    'downloads.pauseAll': () =>
      downloads.push(downloads.value.map((job) => (job.state === 'done' ? job : { ...job, state: 'paused', rate: 0, secondsLeft: null }))),
    'downloads.resumeAll': () => downloads.push(downloads.value.map((job) => (job.state === 'paused' ? { ...job, state: 'running' } : job))),
    'downloads.move'({ id, before }) {
      const moved = downloads.value.filter((job) => job.id === id);
      const others = downloads.value.filter((job) => job.id !== id);
      const place = before === null ? others.length : others.findIndex((job) => job.id === before);
      downloads.push(others.toSpliced(place, 0, ...moved));
    },
    'downloads.renew'({ id }) {
      const { error: _, ...job } = downloads.value.find((each) => each.id === id)!;
      downloads.push(downloads.value.map((each) => (each.id === id ? { ...job, state: 'running', received: 0 } : each)));
      return { ...job, state: 'running' };
    },
    'downloads.cancel': ({ id }) => downloads.push(downloads.value.filter((job) => job.id !== id)),
    'downloads.dismiss': ({ id }) => downloads.push(downloads.value.filter((job) => job.id !== id)),
    'library.watch': (_, { signal }) => library.watch(signal),
    'library.remove'({ id }) {
      const model = library.value.find((each) => each.id === id);
      if (model) removed.set(id, model);
      library.push(library.value.filter((each) => each.id !== id));
    },
    'library.restore'({ id }) {
      const model = removed.get(id);
      if (model) library.push([...library.value, model]);
    },
    'library.refresh': () => {},
    'library.removal'({ id }) {
      const model = library.value.find((each) => each.id === id);
      return { files: model?.files ?? [], stays: [] };
    },
    'library.bin': (_, { signal }) => bin.watch(signal),
    'library.emptyBin': ({ id, removedAt }) => bin.push(id === undefined ? [] : bin.value.filter((each) => each.id !== id || each.removedAt !== removedAt)),
    'library.places': (_, { signal }) => places.watch(signal),
    'library.addFolder': ({ folder }) => places.push([...places.value, { app: 'folder', folder, shown: true, there: true, models: 0, size: 0 }]),
    'library.forgetFolder': ({ folder }) => places.push(places.value.filter((each) => each.folder !== folder)),
    'library.showApp': ({ app, shown }) => places.push(places.value.map((each) => (each.app === app ? { ...each, shown } : each))),
    'library.import': ({ path }) => ({ id: path }),
    'library.tasks': (_, { signal }) => libraryTasks.watch(signal),
    'library.endTask': ({ id }) => libraryTasks.push(libraryTasks.value.filter((each) => each.id !== id)),
    'library.duplicates': (_, { signal }) => duplicates.watch(signal),
    'library.compare': () => duplicates.push({ ...duplicates.value, unknown: 0 }),
    'library.link': ({ sha256 }) => duplicates.push({ ...duplicates.value, groups: duplicates.value.groups.filter((each) => each.sha256 !== sha256) }),
    'library.renewal': () => ({ bytes: null }),
    'library.renew': () => {},
    'library.undoRenewal': () => {},
    'library.movePlan': ({ folder }) => ({
      from: '/home/ada/.local/share/atelier/models',
      to: folder,
      files: 12,
      size: 21.4e9,
      binned: 0,
      sameDrive: false,
      free: 812e9,
    }),
    'library.move': () => {},
    'library.storage': () => libraryStorage,
    'library.reclaim': () => {},
    'engine.watch': (_, { signal }) => engine.watch(signal),
    'engine.load'({ id, settings: asked = settings.value.load }) {
      const loaded = loadedModels(engine.value);
      const chosen = loaded.find(({ modelId }) => modelId === id);
      const others = loaded.filter(({ modelId }) => modelId !== id);
      engine.push({
        ...(chosen ? { status: 'ready', ...chosen } : { status: 'loading', modelId: id, asked, stage: 'loading', progress: 0 }),
        ...beside(others),
      });
    },
    'engine.unload'({ id }) {
      const { value } = engine;
      const front = value.status === 'idle' ? undefined : value.modelId;
      const others = (value.others ?? []).filter(({ modelId }) => modelId !== id);
      if (id !== undefined && id !== front) return engine.push({ ...value, others });
      const [next, ...rest] = others;
      engine.push(next ? { status: 'ready', ...next, ...beside(rest) } : { status: 'idle', ...(front !== undefined && { last: front }) });
    },
    'chats.watch': (_, { signal }) => chats.watch(signal),
    'chats.search': ({ query }) => chats.value.filter((chat) => chat.title.includes(query)),
    'chats.rename': () => {},
    'chats.delete': () => {},
    'chats.restore': () => {},
    'chat.watch': notHere,
    'chat.send': notHere,
    'chat.retry': notHere,
    'chat.edit': notHere,
    'chat.settings': () => {},
    'chat.choose': () => {},
    'chat.deleteTurn': () => {},
    'chat.restoreTurn': () => {},
    'chat.ledger': notHere,
    'chat.stop': () => {},
    'turn.watch': notHere,
    'blobs.put': () => ({ sha256: '0'.repeat(64) }),
    ...overrides,
  };
  const recorded = Object.fromEntries(
    Object.entries(handlers).map(([method, handle]) => [
      method,
      (input: never, context: never) => {
        calls.push({ method, input });
        return (handle as (input: never, context: never) => unknown)(input, context);
      },
    ]),
  ) as Handlers<Core>;

  const [page, server] = portPair();
  serve(core, recorded, server, (error, method) => console.error(method, error));
  return { client: connect(core, page), settings, hub, downloads, library, bin, places, libraryTasks, duplicates, engine, chats, calls };
}
