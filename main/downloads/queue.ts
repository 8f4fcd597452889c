/** What downloads now, what waits, what stopped and why; it outlives a kill. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { Fault, toAppError } from '../../shared/result.ts';
import { type DownloadJob, downloadJob } from '../../shared/schemas/download.ts';
import type { HubFile, ModelDetail } from '../../shared/schemas/hub.ts';
import { createWatched } from '../watched.ts';
import { writeDurably } from './durable.ts';
import { removePart } from './part.ts';
import { createRate } from './rate.ts';
import { runJob } from './run.ts';
import { targetOf } from './target.ts';
import type { Patience, Source } from './transfer.ts';

export interface DownloadsOptions {
  hub: Source;
  folders: { models: string };
  /** What the repository has now. */
  model(repo: string): Promise<ModelDetail>;
  /** Called when a job's files are all in the models folder. */
  onFinished?(job: DownloadJob): void;
  patience?: Partial<Patience>;
  /** Bytes of the disk that a download leaves free. */
  spareBytes?: number;
}

export interface Downloads {
  /** All jobs, oldest first, at most four times a second. */
  watch(signal: AbortSignal): AsyncIterable<DownloadJob[]>;
  /** Begins, or goes on with, a quantization and the repository's projector; one that is under way is answered as it is. Errors: hub.*, download.notFound. */
  start(what: { repo: string; commit: string; quantization: string }): Promise<DownloadJob>;
  /** Stops it with what has arrived safely on the disk. Errors: download.notFound. */
  pause(id: string): Promise<void>;
  /** Goes on with a job that was paused or failed. Errors: download.notFound. */
  resume(id: string): Promise<void>;
  /** Ends it and removes what had arrived; files that are finished stay. Errors: download.notFound. */
  cancel(id: string): Promise<void>;
  /** Takes a job that ended off the list; of one that failed, what had arrived is removed. Errors: download.notFound. */
  dismiss(id: string): Promise<void>;
  /** Stops all with what has arrived safely on the disk; the next start goes on by itself. */
  close(): Promise<void>;
}

const tickMs = 250;
const saveMs = 5000;
const saved = z.object({ v: z.literal(1), jobs: z.array(downloadJob) });
const isActive = (job: DownloadJob): boolean => job.state === 'queued' || job.state === 'running' || job.state === 'verifying';

/** The downloads of one models folder, remembered in its `.downloads.json`. Unfinished ones go on at once. */
export function createDownloads({ hub, folders, model, onFinished = () => {}, patience, spareBytes = 256 * 1024 * 1024 }: DownloadsOptions): Downloads {
  const file = join(folders.models, '.downloads.json');
  let jobs = load(file, folders.models);
  const watched = createWatched<DownloadJob[]>(structuredClone(jobs));
  const rate = createRate();
  const starting = new Map<string, Promise<DownloadJob>>();
  let current: { job: DownloadJob; abort: AbortController; ended: Promise<void> } | undefined;
  let closed = false;
  let saving: Promise<void> = Promise.resolve();
  let savedAt = 0;

  const publish = (): void => watched.set(structuredClone(jobs));
  /** Writes the list down, one write after the other. */
  const save = (): Promise<void> => {
    savedAt = performance.now();
    const write = async (): Promise<void> => {
      await mkdir(folders.models, { recursive: true });
      await writeDurably(file, JSON.stringify({ v: 1, jobs }));
    };
    // A list that cannot be written (a full disk) must not stop the download that fills it.
    saving = saving.then(write).catch(() => {});
    return saving;
  };
  const changed = (): Promise<void> => {
    publish();
    return save();
  };
  const find = (id: string): DownloadJob => {
    const job = jobs.find((each) => each.id === id);
    if (!job) throw new Fault('download.notFound', 'This download is not on the list any more.', { id });
    return job;
  };
  const settle = (job: DownloadJob, state: DownloadJob['state']): void => {
    job.state = state;
    job.rate = 0;
    job.secondsLeft = null;
    job.reconnecting = 0;
  };

  const run = async (job: DownloadJob, signal: AbortSignal): Promise<void> => {
    rate.reset();
    delete job.error;
    let told: DownloadJob['state'] | undefined;
    const tick = setInterval(() => {
      rate.add(job.received);
      job.rate = job.state === 'running' ? rate.perSecond() : 0;
      job.secondsLeft = job.rate > 0 ? (job.size - job.received) / job.rate : null;
      publish();
      if (performance.now() - savedAt > saveMs) void save();
    }, tickMs);
    try {
      job.state = 'running';
      void changed();
      await runJob(job, {
        source: hub,
        models: folders.models,
        signal,
        patience,
        spareBytes,
        onChange() {
          if (told !== job.state) void changed();
          told = job.state;
        },
      });
      settle(job, 'done');
    } catch (error) {
      // Who aborted it has said what becomes of it.
      if (!signal.aborted) {
        job.error = toAppError(error);
        settle(job, 'failed');
      }
    } finally {
      clearInterval(tick);
    }
  };
  /** Starts the first waiting job when none runs. */
  const pump = (): void => {
    const job = jobs.find((each) => each.state === 'queued');
    if (closed || current || !job) return;
    const abort = new AbortController();
    const ended = run(job, abort.signal).then(async () => {
      current = undefined;
      await changed();
      if (job.state === 'done') onFinished(structuredClone(job));
      pump();
    });
    current = { job, abort, ended };
  };
  /** Ends the running of a job, with what arrived on the disk. */
  const halt = async (job: DownloadJob, state: DownloadJob['state']): Promise<void> => {
    settle(job, state);
    publish();
    if (current?.job !== job) return;
    const { abort, ended } = current;
    abort.abort(new Fault('cancelled', 'The download was stopped.'));
    await ended;
  };
  const begin = (job: DownloadJob): void => {
    delete job.error;
    settle(job, 'queued');
    void changed();
    pump();
  };

  const create = async (what: { repo: string; commit: string; quantization: string }, id: string): Promise<DownloadJob> => {
    const detail = await model(what.repo);
    const quantization = detail.quantizations.find((each) => each.id === what.quantization);
    if (!quantization) throw new Fault('download.changed', 'This quantization is not in the repository any more.', { file: what.quantization });
    const files: HubFile[] = [...quantization.files, ...(detail.projector ? [detail.projector] : [])];
    for (const { path } of files) targetOf(folders.models, what.repo, path);
    const size = files.reduce((sum, each) => sum + each.size, 0);
    const job: DownloadJob = {
      ...what,
      id,
      label: quantization.label,
      files: files.map((each) => ({ ...each, received: 0 })),
      state: 'queued',
      size,
      received: 0,
      verified: 0,
      rate: 0,
      secondsLeft: null,
      reconnecting: 0,
      createdAt: new Date().toISOString(),
    };
    // An older one of the same files, at another commit: this one takes its place, and its parts where the content is the same.
    for (const old of jobs.filter((each) => each.repo === job.repo && each.quantization === job.quantization)) await halt(old, 'paused');
    jobs = [...jobs.filter((each) => each.repo !== job.repo || each.quantization !== job.quantization), job];
    begin(job);
    return job;
  };

  /** Takes a job off the list, with its parts. */
  const drop = async (job: DownloadJob): Promise<void> => {
    jobs = jobs.filter((each) => each !== job);
    await halt(job, job.state === 'done' ? 'done' : 'paused');
    for (const { path } of job.files) await removePart(targetOf(folders.models, job.repo, path));
    await changed();
  };

  for (const job of jobs) if (isActive(job)) settle(job, 'queued');
  publish();
  pump();

  return {
    watch: (signal) => watched.watch(signal, tickMs),
    async start(what) {
      const id = createHash('sha256')
        .update(JSON.stringify([what.repo, what.commit, what.quantization]))
        .digest('hex')
        .slice(0, 16);
      const known = jobs.find((each) => each.id === id);
      if (known) {
        if (!isActive(known)) begin(known);
        return structuredClone(known);
      }
      const begun = starting.get(id) ?? create(what, id).finally(() => starting.delete(id));
      starting.set(id, begun);
      return structuredClone(await begun);
    },
    async pause(id) {
      const job = find(id);
      if (!isActive(job)) return;
      await halt(job, 'paused');
      await changed();
    },
    async resume(id) {
      const job = find(id);
      if (job.state === 'paused' || job.state === 'failed') begin(job);
    },
    cancel: (id) => drop(find(id)),
    async dismiss(id) {
      const job = find(id);
      if (job.state === 'done' || job.state === 'failed') await drop(job);
    },
    async close() {
      closed = true;
      if (current) await halt(current.job, 'queued');
      await save();
    },
  };
}

/** The list as it was left; an unreadable one is no list. */
function load(file: string, models: string): DownloadJob[] {
  try {
    const { jobs } = saved.parse(JSON.parse(readFileSync(file, 'utf8')));
    for (const job of jobs) for (const { path } of job.files) targetOf(models, job.repo, path);
    return jobs;
  } catch {
    return [];
  }
}
