/** The long things that the library does, with their progress; each can be cancelled. */
import { randomUUID } from 'node:crypto';
import { Fault, toAppError } from '../../shared/result.ts';
import type { LibraryTask } from '../../shared/schemas/library.ts';
import { createWatched } from '../watched.ts';

export interface Tasks {
  /** All tasks, at most four times a second. */
  watch(signal: AbortSignal): AsyncIterable<LibraryTask[]>;
  /** Does `work`, which tells how many bytes of `total` are done; rejects as it does, and with `cancelled` once it is ended. */
  run<T>(what: Pick<LibraryTask, 'kind' | 'name' | 'total'>, work: (signal: AbortSignal, onBytes: (done: number) => void) => Promise<T>): Promise<T>;
  /** Cancels a task, or takes one that failed off the list. */
  end(id: string): void;
  /** Cancels all. */
  close(): Promise<void>;
}

export function createTasks(): Tasks {
  const watched = createWatched<LibraryTask[]>([]);
  const running = new Map<string, { abort: AbortController; ended: Promise<unknown> }>();
  const change = (id: string, more: Partial<LibraryTask>): void => watched.set(watched.get().map((task) => (task.id === id ? { ...task, ...more } : task)));
  const drop = (id: string): void => watched.set(watched.get().filter((task) => task.id !== id));

  return {
    watch: (signal) => watched.watch(signal, 250),
    async run(what, work) {
      const id = randomUUID();
      const abort = new AbortController();
      watched.set([...watched.get(), { ...what, id, done: 0 }]);
      const working = work(abort.signal, (done) => change(id, { done }));
      running.set(id, { abort, ended: working.catch(() => {}) });
      try {
        const result = await working;
        drop(id);
        return result;
      } catch (error) {
        if (abort.signal.aborted) drop(id);
        else change(id, { error: toAppError(error) });
        throw error;
      } finally {
        running.delete(id);
      }
    },
    end(id) {
      const task = running.get(id);
      if (task) task.abort.abort(new Fault('cancelled', 'It was cancelled.'));
      else drop(id);
    },
    async close() {
      for (const { abort } of running.values()) abort.abort(new Fault('cancelled', 'The app is closing.'));
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}
