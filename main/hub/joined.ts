/** Work that several ask for at the same time is done once. */
import { Fault } from '../../shared/result.ts';

interface Job<T> {
  result: Promise<T>;
  controller: AbortController;
  waiting: number;
}

/** Joins questions of one key. An ask that is aborted leaves at once; the work ends when nobody waits for it. */
export function createJoined<T>(): (key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>) => Promise<T> {
  const jobs = new Map<string, Job<T>>();

  function start(key: string, work: (signal: AbortSignal) => Promise<T>): Job<T> {
    const controller = new AbortController();
    const job: Job<T> = { controller, waiting: 0, result: work(controller.signal).finally(() => forget(key, job)) };
    jobs.set(key, job);
    return job;
  }
  function forget(key: string, job: Job<T>): void {
    if (jobs.get(key) === job) jobs.delete(key);
  }

  return (key, signal, work) =>
    new Promise<T>((resolve, reject) => {
      const cancelled = (): Fault => new Fault('cancelled', 'Cancelled.');
      if (signal.aborted) return reject(cancelled());
      const job = jobs.get(key) ?? start(key, work);
      job.waiting++;
      const leave = (): void => {
        reject(cancelled());
        if (--job.waiting > 0) return;
        forget(key, job);
        job.controller.abort();
      };
      signal.addEventListener('abort', leave, { once: true });
      job.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
}
