/** The loaded models and how loading goes. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError, Result } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { Input } from '../../shared/rpc/define.ts';
import type { EngineState, OtherModel } from '../../shared/schemas/engine.ts';
import type { LoadSettings } from '../../shared/schemas/memory.ts';
import { watch } from '../rpc/follow.ts';

export interface EngineStoreState {
  state: EngineState;
  /** The model whose load was asked for and has not begun: core works out its memory first. */
  begins: string | undefined;
  /** What it was asked for with; absent: what is kept for the model. */
  beginsWith?: LoadSettings | undefined;
  /** The last load that core would not begin, and why; until another one goes on. */
  refused: { modelId: string; error: AppError } | undefined;
  load(id: string, settings?: LoadSettings): Promise<Result<void>>;
  /** Loads again with what was asked, whatever smaller plan worked. */
  loadAsAsked(id: string): Promise<Result<void>>;
  /** A loaded model answers from now on. */
  choose(id: string): Promise<Result<void>>;
  /** Ejects a model, or ends its load; without `id` the one that answers the next message. */
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

/** The model that is on its way, from the click on. */
export const loadingModel = ({ state, begins }: EngineStoreState): string | undefined => begins ?? (state.status === 'loading' ? state.modelId : undefined);

/** Errors that say nothing of the model. */
const passing: AppError['code'][] = ['cancelled', 'disconnected', 'engine.busy'];
const cancelled: Result<void> = { ok: false, error: { code: 'cancelled', message: 'Cancelled' } };

/** The engine store. */
export const createEngineStore = (client: Client<Core>) =>
  createStore<EngineStoreState>((set, get) => {
    watch(
      client,
      'engine.watch',
      (state) => set(state.status === 'loading' ? { state, refused: undefined } : { state }),
      () => {},
    );
    let running = new AbortController();
    const end = (): void => {
      running.abort();
      set({ begins: undefined });
    };
    const begin = async (input: Input<Core['engine.load']>): Promise<Result<void>> => {
      end();
      running = new AbortController();
      const { signal } = running;
      set({ begins: input.id, beginsWith: input.settings, refused: undefined });
      // Whoever takes it back does not wait for a core that has nothing to say.
      const given = new Promise<Result<void>>((resolve) => signal.addEventListener('abort', () => resolve(cancelled)));
      const answer = await Promise.race([client.call('engine.load', input, { signal }), given]);
      if (signal.aborted) return answer;
      const refused = answer.ok || passing.includes(answer.error.code) ? undefined : { modelId: input.id, error: answer.error };
      set({ begins: undefined, refused });
      return answer;
    };
    return {
      state: { status: 'idle' },
      begins: undefined,
      refused: undefined,
      load: (id, settings) => begin(settings ? { id, settings } : { id }),
      loadAsAsked(id) {
        const settings = loadedModels(get().state).find(({ modelId }) => modelId === id)?.asked;
        return begin({ id, afresh: true, ...(settings && { settings }) });
      },
      choose: (id) => client.call('engine.load', { id }),
      async unload(id) {
        const { begins } = get();
        if (begins === undefined || (id !== undefined && id !== begins)) return client.call('engine.unload', id === undefined ? {} : { id });
        end();
        return { ok: true, value: undefined };
      },
      async unloadAll() {
        end();
        const { state } = get();
        const ids = [...(state.others ?? []).map(({ modelId }) => modelId), ...('modelId' in state ? [state.modelId] : [])];
        const answers = await Promise.all(ids.map((id) => client.call('engine.unload', { id })));
        return answers.find((answer) => !answer.ok) ?? { ok: true, value: undefined };
      },
    };
  });
