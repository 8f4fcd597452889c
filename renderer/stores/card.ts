/** The text that a publisher wrote about the open model. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';

export interface CardState {
  repo: string | undefined;
  /** Markdown of `repo`; undefined while it loads. */
  markdown: string | undefined;
  error: AppError | undefined;
  /** Reads the card at a commit; `again` even when it is there. */
  open(repo: string, commit: string, again?: boolean): Promise<void>;
  clear(): void;
}

/** The card store. */
export const createCardStore = (client: Client<Core>) =>
  createStore<CardState>((set, get) => {
    let running = new AbortController();
    return {
      repo: undefined,
      markdown: undefined,
      error: undefined,
      async open(repo, commit, again = false) {
        if (repo === get().repo && !again) return;
        running.abort();
        running = new AbortController();
        const { signal } = running;
        set({ repo, markdown: undefined, error: undefined });
        const answer = await client.call('hub.card', { repo, commit }, { signal });
        if (signal.aborted) return;
        set(answer.ok ? { markdown: answer.value.markdown } : { error: answer.error });
      },
      clear() {
        running.abort();
        set({ repo: undefined, markdown: undefined, error: undefined });
      },
    };
  });
