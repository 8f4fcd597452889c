/** The loaded model and how loading goes. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { Result } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { EngineState } from '../../shared/schemas/engine.ts';
import type { LoadSettings } from '../../shared/schemas/memory.ts';
import { watch } from '../rpc/follow.ts';

export interface EngineStoreState {
  state: EngineState;
  /** What this page asked to load last; without settings, with the person's own. */
  wanted: { id: string; settings: LoadSettings | undefined } | undefined;
  load(id: string, settings?: LoadSettings): Promise<Result<void>>;
  /** Loads again with what was asked, whatever smaller plan worked. */
  loadAsAsked(id: string): Promise<Result<void>>;
  /** Ejects a model; without `id` the one that answers the next message. */
  unload(id?: string): Promise<Result<void>>;
}

/** The model that a message sent now is answered by, loaded or not; undefined where somebody must load one first. */
export function nextModel(state: EngineState): string | undefined {
  if (state.status === 'idle') return state.last;
  return state.status === 'failed' && state.error.code === 'engine.keepsCrashing' ? undefined : state.modelId;
}

/** The engine store. */
export const createEngineStore = (client: Client<Core>) =>
  createStore<EngineStoreState>((set, get) => {
    watch(
      client,
      'engine.watch',
      (state) => set({ state }),
      () => {},
    );
    return {
      state: { status: 'idle' },
      wanted: undefined,
      load(id, settings) {
        set({ wanted: { id, settings } });
        return client.call('engine.load', settings ? { id, settings } : { id });
      },
      loadAsAsked(id) {
        const settings = get().wanted?.id === id ? get().wanted?.settings : undefined;
        return client.call('engine.load', { id, afresh: true, ...(settings && { settings }) });
      },
      unload: (id) => client.call('engine.unload', id === undefined ? {} : { id }),
    };
  });
