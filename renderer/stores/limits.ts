/** How long a context each quantization on screen fits on this machine; asked one by one, when nothing moves. */
import { createStore } from 'zustand/vanilla';
import type { Core, MemorySource } from '../../shared/contract/core.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import { type ContextLimits, type LoadSettings, memorySettings } from '../../shared/schemas/memory.ts';

export interface LimitsState {
  limits: Record<string, ContextLimits>;
  /** Asks for each source that has no answer at these settings, in the order given; cancels the questions before. */
  ask(sources: Record<string, MemorySource>, settings: LoadSettings): Promise<void>;
  /** Cancels what runs: the slider moves. */
  pause(): void;
  /** Forgets every answer and cancels what runs. */
  clear(): void;
}

/** What limits hang on: not on the context and the usual cache types, which they are about. */
function keyOf(settings: LoadSettings): string {
  const { contextSize: _, kvType, ...others } = memorySettings(settings);
  return JSON.stringify([others, kvType === 'q4_0']);
}

/** The limits store. */
export const createLimitsStore = (client: Client<Core>) =>
  createStore<LimitsState>((set, get) => {
    let running = new AbortController();
    let key = '';
    return {
      limits: {},
      async ask(sources, settings) {
        running.abort();
        running = new AbortController();
        const { signal } = running;
        if (key !== keyOf(settings)) set({ limits: {} });
        key = keyOf(settings);
        for (const [id, source] of Object.entries(sources)) {
          if (get().limits[id]) continue;
          const answer = await client.call('memory.limits', { source, settings }, { signal });
          if (signal.aborted) return;
          // Where it cannot be told the row's price says why.
          if (answer.ok) set((state) => ({ limits: { ...state.limits, [id]: answer.value } }));
        }
      },
      pause: () => running.abort(),
      clear() {
        running.abort();
        set({ limits: {} });
      },
    };
  });
