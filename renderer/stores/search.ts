/** The search on the hub: what was asked, what came, what is still coming. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { ModelSummary } from '../../shared/schemas/hub.ts';

export interface SearchState {
  query: string;
  /** undefined until the first answer; an error leaves what was there. */
  models: ModelSummary[] | undefined;
  busy: boolean;
  error: AppError | undefined;
  /** The hub that the results come from. */
  endpoint: string | undefined;
  /** Present while there are more pages. */
  next: string | undefined;
  /** Searches 250 ms after the last change; the search before it is cancelled. */
  setQuery(query: string): void;
  /** Searches when the results are of another hub; answers whether there was another one. */
  from(endpoint: string): boolean;
  /** Searches now. */
  search(): Promise<void>;
  /** Loads the next page, once. */
  more(): Promise<void>;
}

/** The search store. */
export const createSearchStore = (client: Client<Core>) =>
  createStore<SearchState>((set, get) => {
    let running = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;

    const ask = async (cursor: string | undefined): Promise<void> => {
      running.abort();
      running = new AbortController();
      const { signal } = running;
      set({ busy: true, error: undefined });
      const answer = await client.call('hub.search', { query: get().query.trim(), cursor }, { signal });
      if (signal.aborted) return;
      if (!answer.ok) return set({ busy: false, error: answer.error });
      const seen = new Set(cursor ? get().models?.map((model) => model.id) : []);
      const fresh = answer.value.models.filter((model) => !seen.has(model.id));
      set((state) => ({ busy: false, models: cursor ? [...(state.models ?? []), ...fresh] : fresh, next: answer.value.next }));
    };

    return {
      query: '',
      models: undefined,
      busy: false,
      error: undefined,
      endpoint: undefined,
      next: undefined,
      setQuery(query) {
        set({ query });
        running.abort();
        clearTimeout(timer);
        set({ busy: true });
        timer = setTimeout(() => void ask(undefined), 250);
      },
      from(endpoint) {
        const before = get().endpoint;
        if (before === endpoint) return false;
        set({ endpoint });
        void get().search();
        return before !== undefined;
      },
      search() {
        clearTimeout(timer);
        return ask(undefined);
      },
      async more() {
        const { next, busy } = get();
        if (next !== undefined && !busy) await ask(next);
      },
    };
  });
