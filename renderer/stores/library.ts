/** The models on disk, where they lie, what was removed and what takes long. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError, Result } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { ModelDetail } from '../../shared/schemas/hub.ts';
import type {
  BinItem,
  Duplicates,
  ImportMode,
  LibraryModel,
  LibraryPlace,
  LibraryRemoval,
  LibraryTask,
  MovePlan,
  OtherApp,
  Storage,
  StorageKind,
} from '../../shared/schemas/library.ts';
import { watch } from '../rpc/follow.ts';

export interface LibraryState {
  /** undefined until core has answered. */
  models: LibraryModel[] | undefined;
  error: AppError | undefined;
  places: LibraryPlace[];
  bin: BinItem[];
  tasks: LibraryTask[];
  duplicates: Duplicates;
  refresh(): Promise<Result<void>>;
  /** What `remove` would do, file by file. */
  removal(id: string): Promise<Result<LibraryRemoval>>;
  /** To the bin, or for good. */
  remove(id: string, forGood?: boolean): Promise<Result<void>>;
  /** What was removed at that time, else the last of that name. */
  restore(id: string, removedAt?: string): Promise<Result<void>>;
  /** Without an item: all. */
  emptyBin(item?: BinItem): Promise<Result<void>>;
  addFolder(folder: string): Promise<Result<void>>;
  forgetFolder(folder: string): Promise<Result<void>>;
  showApp(app: OtherApp, shown: boolean): Promise<Result<void>>;
  /** Answers when it is done. */
  import(path: string, mode: ImportMode): Promise<Result<{ id?: string | undefined }>>;
  endTask(id: string): Promise<Result<void>>;
  compare(): Promise<Result<void>>;
  link(sha256: string): Promise<Result<void>>;
  /** What the Hub has now of a model's repository. */
  upstream(repo: string): Promise<Result<ModelDetail>>;
  /** Bytes of the new header where nothing else seems to have changed on the Hub. */
  renewal(id: string): Promise<Result<{ bytes: number | null }>>;
  /** Answers when it is done. */
  renew(id: string): Promise<Result<void>>;
  /** Answers when it is done. */
  undoRenewal(id: string): Promise<Result<void>>;
  /** What moving the models folder would do. */
  movePlan(folder: string): Promise<Result<MovePlan>>;
  /** Answers when it is done. */
  move(folder: string): Promise<Result<void>>;
  storage(): Promise<Result<Storage>>;
  reclaim(kind: StorageKind): Promise<Result<void>>;
}

/** The library store. */
export const createLibraryStore = (client: Client<Core>) =>
  createStore<LibraryState>((set) => {
    const onError = (error: AppError): void => set({ error });
    watch(client, 'library.watch', (models) => set({ models, error: undefined }), onError);
    watch(client, 'library.places', (places) => set({ places }), onError);
    watch(client, 'library.bin', (bin) => set({ bin }), onError);
    watch(client, 'library.tasks', (tasks) => set({ tasks }), onError);
    watch(client, 'library.duplicates', (duplicates) => set({ duplicates }), onError);
    return {
      models: undefined,
      error: undefined,
      places: [],
      bin: [],
      tasks: [],
      duplicates: { groups: [], unknown: 0 },
      refresh: () => client.call('library.refresh', undefined),
      removal: (id) => client.call('library.removal', { id }),
      remove: (id, forGood) => client.call('library.remove', { id, ...(forGood && { forGood }) }),
      restore: (id, removedAt) => client.call('library.restore', { id, ...(removedAt !== undefined && { removedAt }) }),
      emptyBin: (item) => client.call('library.emptyBin', { ...(item && { id: item.id, removedAt: item.removedAt }) }),
      addFolder: (folder) => client.call('library.addFolder', { folder }),
      forgetFolder: (folder) => client.call('library.forgetFolder', { folder }),
      showApp: (app, shown) => client.call('library.showApp', { app, shown }),
      import: (path, mode) => client.call('library.import', { path, mode }),
      endTask: (id) => client.call('library.endTask', { id }),
      compare: () => client.call('library.compare', undefined),
      link: (sha256) => client.call('library.link', { sha256 }),
      upstream: (repo) => client.call('hub.model', { repo }),
      renewal: (id) => client.call('library.renewal', { id }),
      renew: (id) => client.call('library.renew', { id }),
      undoRenewal: (id) => client.call('library.undoRenewal', { id }),
      movePlan: (folder) => client.call('library.movePlan', { folder }),
      move: (folder) => client.call('library.move', { folder }),
      storage: () => client.call('library.storage', undefined),
      reclaim: (kind) => client.call('library.reclaim', { kind }),
    };
  });
