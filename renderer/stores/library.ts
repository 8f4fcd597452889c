/** The models on disk. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError, Result } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { LibraryModel } from '../../shared/schemas/library.ts';
import { watch } from '../rpc/follow.ts';

export interface LibraryState {
  /** undefined until core has answered. */
  models: LibraryModel[] | undefined;
  error: AppError | undefined;
  remove(id: string): Promise<Result<void>>;
  restore(id: string): Promise<Result<void>>;
}

/** The library store. */
export const createLibraryStore = (client: Client<Core>) =>
  createStore<LibraryState>((set) => {
    watch(
      client,
      'library.watch',
      (models) => set({ models, error: undefined }),
      (error) => set({ error }),
    );
    return {
      models: undefined,
      error: undefined,
      remove: (id) => client.call('library.remove', { id }),
      restore: (id) => client.call('library.restore', { id }),
    };
  });
