/** The jobs of one models folder in their order: as they are changed, as the page is told of them, and as they outlive the app. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../shared/result.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import type { Log } from '../log.ts';
import { createWatched } from '../watched.ts';
import { settle } from './job.ts';
import { isActive } from './order.ts';
import { tickMs } from './running.ts';
import { createSaver, loadJobs } from './saved.ts';
import { targetOf } from './target.ts';

export interface JobList {
  /** In their order. Who changes one of them tells it. */
  jobs(): readonly DownloadJob[];
  /** Replaces the list. */
  set(jobs: readonly DownloadJob[]): void;
  /** Errors: download.notFound. */
  find(id: string): DownloadJob;
  /** The jobs as they were told of last. */
  told(): DownloadJob[];
  /** The same, again at each telling, at most four times a second. */
  watch(signal: AbortSignal): AsyncIterable<DownloadJob[]>;
  tell(): void;
  /** Writes them down. Never rejects. */
  save(): Promise<void>;
  /** When they were last written down, in milliseconds of `performance.now`. */
  savedAt(): number;
}

/** The list in `.downloads.json` of the models folder. That may be on a drive that comes later: what is on the list there then comes first. */
export function createJobList(folders: { models: string }, log: Pick<Log, 'warn'> | undefined): JobList {
  const file = (): string => join(folders.models, '.downloads.json');
  const isSafe = ({ repo, files }: DownloadJob): boolean => {
    try {
      for (const { path } of files) targetOf(folders.models, repo, path);
      return true;
    } catch {
      return false;
    }
  };
  /** What ran when the app was closed waits for its turn. */
  const load = (): DownloadJob[] => {
    const loaded = loadJobs(file(), isSafe, log);
    for (const job of loaded) if (isActive(job)) settle(job, 'queued');
    return loaded;
  };
  let jobs: readonly DownloadJob[] = load();
  let unread = !existsSync(folders.models);
  let savedAt = 0;
  const watched = createWatched<DownloadJob[]>(structuredClone([...jobs]));
  const write = createSaver(file);
  const tell = (): void => watched.set(structuredClone([...jobs]));

  return {
    jobs: () => jobs,
    set(next) {
      jobs = next;
    },
    find(id) {
      const job = jobs.find((each) => each.id === id);
      if (!job) throw new Fault('download.notFound', 'This download is not on the list any more.', { id });
      return job;
    },
    told: watched.get,
    watch: (signal) => watched.watch(signal, tickMs),
    tell,
    async save() {
      savedAt = performance.now();
      const come = unread && existsSync(file()) ? load().filter(({ id }) => !jobs.some((job) => job.id === id)) : [];
      jobs = [...come, ...jobs];
      if (come.length > 0) tell();
      await write(jobs);
      unread &&= !existsSync(file());
    },
    savedAt: () => savedAt,
  };
}
