/** The list of chats, the search in it, and what a person does to a chat as a whole. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError, Result } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { ChatSummary } from '../../shared/schemas/chat.ts';
import { watch } from '../rpc/follow.ts';

export interface ChatsState {
  /** Newest first as core sends them; undefined until it has. */
  chats: ChatSummary[] | undefined;
  /** Why the list is no longer live. */
  error: AppError | undefined;
  query: string;
  /** Chats that match `query`; undefined while there is no query, or no answer yet. */
  found: ChatSummary[] | undefined;
  /** Looks for chats by title and text; the last query wins, an empty one shows all. */
  search(query: string): Promise<void>;
  rename(id: string, title: string): Promise<Result<void>>;
  /** Takes a chat away; `restore` brings it back. */
  remove(id: string): Promise<Result<void>>;
  restore(id: string): Promise<Result<void>>;
}

/** The chats of core behind `client`, followed for as long as the page lives. */
export function createChatsStore(client: Client<Core>): StoreApi<ChatsState> {
  let asked: AbortController | undefined;

  const store = createStore<ChatsState>((set) => ({
    chats: undefined,
    error: undefined,
    query: '',
    found: undefined,
    async search(query) {
      asked?.abort();
      const question = query.trim();
      if (question === '') return set({ query, found: undefined });
      set({ query });
      const asking = new AbortController();
      asked = asking;
      const found = await client.call('chats.search', { query: question.slice(0, 200) }, { signal: asking.signal });
      if (asking === asked && !asking.signal.aborted && found.ok) set({ found: found.value });
    },
    rename: (id, title) => client.call('chats.rename', { id, title }),
    remove: (id) => client.call('chats.delete', { id }),
    restore: (id) => client.call('chats.restore', { id }),
  }));

  watch(
    client,
    'chats.watch',
    (chats) => {
      store.setState({ chats, error: undefined });
      // What changed may change what is found.
      const { query, search } = store.getState();
      if (query.trim() !== '') void search(query);
    },
    (error) => store.setState({ error }),
  );
  return store;
}
