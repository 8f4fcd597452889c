/** The model that is open in Discover: its quantizations as the hub lists them. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { ModelDetail } from '../../shared/schemas/hub.ts';

export interface ModelState {
  repo: string | undefined;
  /** Of `repo`; undefined while it loads. */
  detail: ModelDetail | undefined;
  error: AppError | undefined;
  /** Opens a repository; `again` asks even when it is open. */
  open(repo: string | undefined, again?: boolean): Promise<void>;
}

/** The model store. */
export const createModelStore = (client: Client<Core>) =>
  createStore<ModelState>((set, get) => {
    let running = new AbortController();
    return {
      repo: undefined,
      detail: undefined,
      error: undefined,
      async open(repo, again = false) {
        if (repo === get().repo && !again) return;
        running.abort();
        running = new AbortController();
        const { signal } = running;
        set((state) => ({ repo, error: undefined, detail: state.repo === repo ? state.detail : undefined }));
        if (repo === undefined) return;
        const answer = await client.call('hub.model', { repo }, { signal });
        if (signal.aborted) return;
        set(answer.ok ? { detail: answer.value } : { error: answer.error });
      },
    };
  });
