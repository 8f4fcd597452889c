/** What models cost in memory at the settings on screen: every move asks anew and drops the questions before it. */
import { createStore } from 'zustand/vanilla';
import type { Core, MemorySource } from '../../shared/contract/core.ts';
import type { AppError } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { Estimate, LoadSettings } from '../../shared/schemas/memory.ts';

export interface Price {
  /** The last answer; it stays on screen while a newer one is coming. */
  estimate: Estimate | undefined;
  /** Why there is none. */
  error: AppError | undefined;
  /** A newer answer is coming. */
  stale: boolean;
  /** The settings that were last asked for. */
  settings: LoadSettings;
}

export interface PricesState {
  prices: Record<string, Price>;
  /** Prices each source, under its key, in the order given; cancels the questions before. */
  ask(sources: Record<string, MemorySource>, settings: LoadSettings): Promise<void>;
  /** Forgets every price and cancels what runs. */
  clear(): void;
}

/**
 * ms after which rows without a speed are asked again: this machine is measured when questions rest, and once measured the answer is
 * there at once.
 */
const speedWaits = [3_000, 6_000, 12_000];

/** How many questions are under way at once: the first one for a file waits for its header from the hub. */
const lanes = 3;

/** A prices store; each list of prices on screen has its own. */
export const createPricesStore = (client: Client<Core>) =>
  createStore<PricesState>((set, get) => {
    let running = new AbortController();
    const settle = (key: string, price: Price): void => set((state) => ({ prices: { ...state.prices, [key]: price } }));
    return {
      prices: {},
      async ask(sources, settings) {
        running.abort();
        running = new AbortController();
        const { signal } = running;
        set((state) => {
          const prices = { ...state.prices };
          for (const key of Object.keys(sources)) prices[key] = { estimate: prices[key]?.estimate, error: undefined, stale: true, settings };
          return { prices };
        });
        const lane = async (queue: [string, MemorySource][]): Promise<void> => {
          for (let entry = queue.shift(); entry && !signal.aborted; entry = queue.shift()) {
            const [key, source] = entry;
            const answer = await client.call('memory.estimate', { source, settings }, { signal });
            if (signal.aborted) return;
            settle(
              key,
              answer.ok
                ? { estimate: answer.value, error: undefined, stale: false, settings }
                : { estimate: undefined, error: answer.error, stale: false, settings },
            );
          }
        };
        const priceAll = (queue: [string, MemorySource][]): Promise<unknown> => Promise.all(Array.from({ length: lanes }, () => lane(queue)));
        const addSpeed = async (): Promise<void> => {
          for (const wait of speedWaits) {
            await new Promise((resolve) => setTimeout(resolve, wait));
            const { prices } = get();
            const slow = Object.entries(sources).filter(([key]) => prices[key]?.estimate && !prices[key].estimate.speed);
            if (signal.aborted || slow.length === 0) return;
            await priceAll(slow);
          }
        };
        await priceAll(Object.entries(sources));
        void addSpeed();
      },
      clear() {
        running.abort();
        set({ prices: {} });
      },
    };
  });
