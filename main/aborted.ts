/** An abort to wait for beside some work. */

/** Rejects with the signal's reason once it aborts, at once where it has; else it never settles. */
export const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
