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
  load(id: string, settings?: LoadSettings): Promise<Result<void>>;
  unload(): Promise<Result<void>>;
}

/** The engine store. */
export const createEngineStore = (client: Client<Core>) =>
  createStore<EngineStoreState>((set) => {
    watch(
      client,
      'engine.watch',
      (state) => set({ state }),
      () => {},
    );
    return {
      state: { status: 'idle' },
      load: (id, settings) => client.call('engine.load', settings ? { id, settings } : { id }),
      unload: () => client.call('engine.unload', undefined),
    };
  });
