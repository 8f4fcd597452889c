/** What models are beyond their rows, asked one by one for those on screen: each costs the hub a page and a header. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { ModelTraits } from '../../shared/schemas/hub.ts';

export interface TraitsState {
  /** By repository; `failed` where they cannot be had. */
  traits: Record<string, ModelTraits | 'failed'>;
  /** The repositories that `list` shows now, in the order to ask; a question for one that no list shows any more is cancelled. */
  want(list: string, repos: readonly string[]): void;
  /** What the answers hold for: of another hub, or for other settings of a load, they are forgotten. */
  holdFor(conditions: string): void;
}

/** How many are asked at once. */
const lanes = 2;

/** The traits store. */
export const createTraitsStore = (client: Client<Core>) =>
  createStore<TraitsState>((set, get) => {
    let held: string | undefined;
    const lists = new Map<string, readonly string[]>();
    const running = new Map<string, AbortController>();
    const wanted = (): string[] => [...new Set([...lists.values()].flat())];

    const ask = async (repo: string): Promise<void> => {
      const controller = new AbortController();
      running.set(repo, controller);
      const answer = await client.call('hub.traits', { repo }, { signal: controller.signal });
      running.delete(repo);
      // Without a connection the next scroll asks again.
      if (!answer.ok && answer.error.code === 'disconnected') return;
      if (!controller.signal.aborted) set((state) => ({ traits: { ...state.traits, [repo]: answer.ok ? answer.value : 'failed' } }));
      pump();
    };
    const pump = (): void => {
      const { traits } = get();
      for (const repo of wanted()) {
        if (running.size >= lanes) return;
        if (traits[repo] === undefined && !running.has(repo)) void ask(repo);
      }
    };

    return {
      traits: {},
      want(list, repos) {
        lists.set(list, repos);
        const all = new Set(wanted());
        for (const [repo, controller] of running) if (!all.has(repo)) controller.abort();
        pump();
      },
      holdFor(conditions) {
        const changed = held !== undefined && held !== conditions;
        held = conditions;
        if (!changed) return;
        for (const controller of running.values()) controller.abort();
        set({ traits: {} });
        pump();
      },
    };
  });
