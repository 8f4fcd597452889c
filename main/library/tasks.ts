/** The long things that the library does, with their progress; each can be cancelled. */
import { randomUUID } from 'node:crypto';
import { Fault, toAppError } from '../../shared/result.ts';
import type { LibraryTask } from '../../shared/schemas/library.ts';
import { createWatched } from '../watched.ts';

export interface Tasks {
  /** All tasks, at most four times a second. */
  watch(signal: AbortSignal): AsyncIterable<LibraryTask[]>;
  /** Does `work`, which tells how many bytes of `total` are done; rejects as it does, and with `cancelled` once it is ended. A move is alone. Errors: library.moving, library.cannotMove. */
  run<T>(what: Pick<LibraryTask, 'kind' | 'name' | 'total'>, work: (signal: AbortSignal, onBytes: (done: number) => void) => Promise<T>): Promise<T>;
  /** Any is under way. */
  isRunning(): boolean;
  /** The models folder is on its way. */
  isMoving(): boolean;
  /** Errors: library.moving while the models folder is being moved. For what changes it without taking long. */
  refuseWhileMoving(): void;
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

  const isMoving = (): boolean => watched.get().some(({ id, kind }) => kind === 'move' && running.has(id));
  const refuseWhileMoving = (): void => {
    if (isMoving()) throw new Fault('library.moving', 'The models folder is being moved. Wait until it is done, or cancel it.');
  };

  return {
    watch: (signal) => watched.watch(signal, 250),
    isRunning: () => running.size > 0,
    isMoving,
    refuseWhileMoving,
    async run(what, work) {
      refuseWhileMoving();
      if (what.kind === 'move' && running.size > 0)
        throw new Fault('library.cannotMove', 'Files of the library are being copied or compared. Wait until it is done.', { reason: 'busy' });
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
