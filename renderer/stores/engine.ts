/** The loaded models and how loading goes. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { Result } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { EngineState, OtherModel } from '../../shared/schemas/engine.ts';
import type { LoadSettings } from '../../shared/schemas/memory.ts';
import { watch } from '../rpc/follow.ts';

export interface EngineStoreState {
  state: EngineState;
  load(id: string, settings?: LoadSettings): Promise<Result<void>>;
  /** Loads again with what was asked, whatever smaller plan worked. */
  loadAsAsked(id: string): Promise<Result<void>>;
  /** A loaded model answers from now on. */
  choose(id: string): Promise<Result<void>>;
  /** Ejects a model; without `id` the one that answers the next message. */
  unload(id?: string): Promise<Result<void>>;
  /** Ejects every model; the one that answers last, so that the next message loads it again. The first refusal, if any. */
  unloadAll(): Promise<Result<void>>;
}

/** The model that a message sent now is answered by, loaded or not; undefined where somebody must load one first. */
export function nextModel(state: EngineState): string | undefined {
  if (state.status === 'idle') return state.last;
  return state.status === 'failed' && state.error.code === 'engine.keepsCrashing' ? undefined : state.modelId;
}

/** Every model that is loaded, the one that answers the next message first, then the last used. */
export function loadedModels(state: EngineState): OtherModel[] {
  const others = state.others ?? [];
  return state.status === 'ready' ? [{ modelId: state.modelId, asked: state.asked, model: state.model, answering: state.answering }, ...others] : others;
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
      load: (id, settings) => client.call('engine.load', settings ? { id, settings } : { id }),
      loadAsAsked(id) {
        const settings = loadedModels(get().state).find(({ modelId }) => modelId === id)?.asked;
        return client.call('engine.load', { id, afresh: true, ...(settings && { settings }) });
      },
      choose: (id) => client.call('engine.load', { id }),
      unload: (id) => client.call('engine.unload', id === undefined ? {} : { id }),
      async unloadAll() {
        const { state } = get();
        const ids = [...(state.others ?? []).map(({ modelId }) => modelId), ...('modelId' in state ? [state.modelId] : [])];
        const answers = await Promise.all(ids.map((id) => client.call('engine.unload', { id })));
        return answers.find((answer) => !answer.ok) ?? { ok: true, value: undefined };
      },
    };
  });
