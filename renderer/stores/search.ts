/** The search on the hub: what was asked, what came, what is still coming. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { ModelSummary, SearchPage, SearchQuestion } from '../../shared/schemas/hub.ts';

/** What the hub is asked besides the words. */
export type SearchTerms = Pick<SearchQuestion, 'sort' | 'author' | 'parameters'>;

export interface SearchState {
  query: string;
  terms: SearchTerms;
  /** undefined until the first answer; an error leaves what was there. */
  models: ModelSummary[] | undefined;
  /** ISO 8601: what is shown was kept from an answer of this moment. */
  cachedAt: string | undefined;
  busy: boolean;
  /** Why there is nothing newer than what is shown. */
  error: AppError | undefined;
  /** The hub that the results come from. */
  endpoint: string | undefined;
  /** Present while there are more pages. */
  next: string | undefined;
  /** Searches 250 ms after the last change; the search before it is cancelled. */
  setQuery(query: string): void;
  /** Searches with other terms, where they are others. */
  setTerms(terms: SearchTerms): void;
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
      const before = cursor === undefined ? [] : (get().models ?? []);
      const seen = new Set(before.map((model) => model.id));
      let told: AppError | undefined;
      const show = ({ models, next, cachedAt, problem }: SearchPage): void => {
        if (signal.aborted) return;
        told = problem;
        set({ models: [...before, ...models.filter((model) => !seen.has(model.id))], next, cachedAt, error: problem });
      };
      set({ busy: true, error: undefined });
      const end = await client.stream('hub.search', { ...get().terms, query: get().query.trim(), cursor }, show, { signal });
      if (!signal.aborted) set({ busy: false, error: end.ok ? told : end.error });
    };

    return {
      query: '',
      terms: { sort: 'trending' },
      models: undefined,
      cachedAt: undefined,
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
      setTerms(terms) {
        if (JSON.stringify(terms) === JSON.stringify(get().terms)) return;
        set({ terms });
        if (get().endpoint !== undefined) void get().search();
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
