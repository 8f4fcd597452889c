/** The progress of a load as events: the latest share, never a queue of old ones. */

export interface Progress {
  type: 'progress';
  /** 0 to 1. */
  progress: number;
}

/** Yields the newest progress of `work` whenever the reader is ready, then returns its value or throws its error. */
export async function* progressive<T>(work: (on: (progress: number) => void) => Promise<T>): AsyncGenerator<Progress, T> {
  let newest = 0;
  let told = 0;
  let done = false;
  let wake = (): void => {};
  const on = (progress: number): void => {
    newest = Math.max(newest, progress);
    wake();
  };
  const working = work(on).finally(() => {
    done = true;
    wake();
  });
  working.catch(() => {});
  while (!done) {
    if (newest > told) {
      told = newest;
      yield { type: 'progress', progress: told };
    } else
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (done || newest > told) resolve();
      });
  }
  return working;
}
