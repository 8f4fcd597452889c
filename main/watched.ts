/** A value with watchers: each sees the latest, never a queue of old ones. */

export interface Watched<T> {
  get(): T;
  /** Replaces the value and wakes the watchers. */
  set(value: T): void;
  /** The value now, then each change until `signal` aborts; changes within `intervalMs` are joined, the last one wins. */
  watch(signal: AbortSignal, intervalMs?: number): AsyncIterable<T>;
}

export function createWatched<T>(initial: T): Watched<T> {
  let value = initial;
  let version = 0;
  const wakes = new Set<() => void>();

  return {
    get: () => value,
    set(next) {
      value = next;
      version++;
      for (const wake of wakes) wake();
    },
    async *watch(signal, intervalMs = 0) {
      let seen = -1;
      let wake = (): void => {};
      const woken = (): void => wake();
      wakes.add(woken);
      signal.addEventListener('abort', woken);
      try {
        while (!signal.aborted) {
          if (seen === version) {
            await new Promise<void>((resolve) => {
              wake = resolve;
              if (signal.aborted || seen !== version) resolve();
            });
            continue;
          }
          seen = version;
          yield value;
          if (intervalMs > 0) await new Promise((resolve) => setTimeout(resolve, intervalMs));
        }
      } finally {
        wakes.delete(woken);
        signal.removeEventListener('abort', woken);
      }
    },
  };
}

/** Has `on` hear each value, one after the other. */
export async function each<T>(values: AsyncIterable<T>, on: (value: T) => void | Promise<void>): Promise<void> {
  for await (const value of values) await on(value);
}

/** What each value comes to. */
export async function* mapped<T, U>(values: AsyncIterable<T>, to: (value: T) => U): AsyncIterable<U> {
  for await (const value of values) yield to(value);
}
