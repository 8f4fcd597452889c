/** What downloads now, what waits, what stopped and why; it outlives a kill. */
import { statSync } from 'node:fs';
import { Fault } from '../../shared/result.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import type { ModelDetail } from '../../shared/schemas/hub.ts';
import { type DownloadSettings, defaultDownloadSettings } from '../../shared/schemas/settings.ts';
import type { Log } from '../log.ts';
import { changing } from './disk.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { HomeHub } from './home.ts';
import { idOf, newJob, settle, type Wanted } from './job.ts';
import { createJobList } from './list.ts';
import { isActive, order, shared } from './order.ts';
import { createPace } from './pace.ts';
import { removePart } from './part.ts';
import type { RunOptions } from './run.ts';
import { run } from './running.ts';
import { opensAt } from './schedule.ts';
import { targetOf } from './target.ts';
import type { Patience } from './transfer.ts';

export interface DownloadsOptions {
  hub: HomeHub;
  folders: { models: string };
  /** What the repository has now. */
  model(repo: string): Promise<ModelDetail>;
  /** Where else on this computer a file may lie: it is copied from there. */
  elsewhere?: Elsewhere;
  /** Called when a job's files are all in the models folder. */
  onFinished?(job: DownloadJob): void;
  log?: Pick<Log, 'warn' | 'error'>;
  /** Until `adapt` tells others. */
  settings?: DownloadSettings;
  patience?: Partial<Patience>;
  /** As for a job. */
  segmentSize?: RunOptions['segmentSize'];
  connections?: RunOptions['connections'];
  /** Bytes of the disk that a download leaves free. */
  spareBytes?: number;
  /** The clock on the wall. */
  now?(): Date;
}

export interface Downloads {
  /** All jobs in the order in which they run, at most four times a second. */
  watch(signal: AbortSignal): AsyncIterable<DownloadJob[]>;
  /** The jobs now. */
  list(): DownloadJob[];
  /**
   * Begins, or goes on with, a quantization and the repository's projector; one that is under way is answered as it is.
   * A new one is of what the repository has now, whatever commit the page had seen. Errors: hub.*, download.gone.
   */
  start(what: Wanted): Promise<DownloadJob>;
  /** Stops it with what has arrived safely on the disk. Errors: download.notFound. */
  pause(id: string): Promise<void>;
  /** Goes on with a job that was paused or failed; `here`: from the hub in use, whichever it came from. Errors: download.notFound. */
  resume(id: string, here?: boolean): Promise<void>;
  pauseAll(): Promise<void>;
  /** Goes on with all that are paused or failed, but for those whose files were replaced. */
  resumeAll(): Promise<void>;
  /** Puts a job before another one, or at the end. Errors: download.notFound. */
  move(id: string, before: string | null): Promise<void>;
  /** Takes what the repository has now in place of a job whose files were replaced. Errors: download.notFound, download.gone, hub.*. */
  renew(id: string): Promise<DownloadJob>;
  /** Ends it and removes what had arrived; files that are finished stay. Errors: download.notFound, download.writing. */
  cancel(id: string): Promise<void>;
  /** Takes a job that ended off the list; of one that failed, what had arrived is removed. Errors: download.notFound, download.writing. */
  dismiss(id: string): Promise<void>;
  /** Obeys these settings from now on. */
  adapt(settings: DownloadSettings): void;
  /** The hub has changed: what came from another one waits. */
  hubChanged(): void;
  /**
   * Stops all with what has arrived safely on the disk, until the function that it gives is called: then they go on in the models folder of
   * then. What would remove parts meanwhile is refused with library.moving, and the list is not written down.
   */
  hold(): Promise<() => void>;
  /** Stops all with what has arrived safely on the disk; the next start goes on by itself. */
  close(): Promise<void>;
}

const saveMs = 5000;
/** How often the hours of downloads are looked at: a computer that slept has no other way to know. */
const clockMs = 1000;

/** The downloads of one models folder, remembered in its `.downloads.json`. Unfinished ones go on at once. */
export function createDownloads(options: DownloadsOptions): Downloads {
  const { hub, folders, model, onFinished = () => {}, spareBytes = 2e9, now = () => new Date() } = options;
  const { elsewhere, patience, segmentSize, connections, log } = options;
  const onUnforeseen = (error: unknown): void => log?.error('A download failed', { error });
  const target = (job: DownloadJob, path: string): string => targetOf(folders.models, job.repo, path);
  const list = createJobList(folders, log);
  let settings = options.settings ?? defaultDownloadSettings;
  const pace = createPace();
  const starting = new Map<string, Promise<DownloadJob>>();
  /** With those files that each of them fetches. */
  const running = new Map<DownloadJob, { abort: AbortController; ended: Promise<void>; files: DownloadJob['files'] }>();
  const verified = new WeakMap<DownloadJob, Set<string>>();
  let closed = false;
  let held = false;

  const save = async (): Promise<void> => {
    if (!held) await list.save();
  };
  const changed = (): Promise<void> => {
    list.tell();
    return save();
  };
  const tick = (): void => {
    list.tell();
    if (performance.now() - list.savedAt() > saveMs) void save();
  };
  const launch = (job: DownloadJob): void => {
    const abort = new AbortController();
    const leave = new Set([...running].flatMap(([other, { files }]) => shared(job, files, other.repo)));
    const known = verified.get(job) ?? new Set<string>();
    verified.set(job, known);
    const { signal } = abort;
    const how = { hub, models: folders.models, elsewhere, patience, segmentSize, connections, spareBytes, pace: pace.take, onUnforeseen };
    const ended = run(job, { ...how, signal, leave, verified: known, onState: () => void changed(), onTick: tick }).then(async () => {
      running.delete(job);
      await changed();
      if (job.state === 'done') onFinished(structuredClone(job));
      pump();
    });
    running.set(job, { abort, ended, files: job.files.filter(({ path }) => !leave.has(path)) });
  };
  /** Starts and stops what the order of the list, the settings and the hub ask for. */
  const pump = (): void => {
    if (closed || held) return;
    const { run: ready, wait } = order(list.jobs(), {
      atOnce: settings.atOnce,
      opensAt: opensAt(settings.schedule, now()),
      endpoint: hub.endpoint,
      busy: new Set(running.keys()),
      isThere: (job, path) => sizeOf(target(job, path)) === job.files.find((each) => each.path === path)?.size,
    });
    let news = false;
    for (const job of ready) {
      if (running.has(job)) continue;
      launch(job);
      news = true;
    }
    for (const [job, why] of wait) {
      if (running.has(job) && job.state !== 'queued') void halt(job, 'queued');
      if (JSON.stringify(job.waiting) === JSON.stringify(why)) continue;
      if (why) job.waiting = why;
      else delete job.waiting;
      news = true;
    }
    if (news) list.tell();
  };
  /** Ends the running of a job, with what arrived on the disk. */
  const halt = async (job: DownloadJob, state: DownloadJob['state']): Promise<void> => {
    settle(job, state);
    list.tell();
    const current = running.get(job);
    current?.abort.abort(new Fault('cancelled', 'The download was stopped.'));
    await current?.ended;
  };
  const begin = (job: DownloadJob): void => {
    delete job.error;
    settle(job, 'queued');
    pump();
    void changed();
  };
  const pauseJob = async (job: DownloadJob): Promise<void> => {
    if (!isActive(job)) return;
    await halt(job, 'paused');
    await changed();
  };

  /** A new job of what the repository has now; it takes the place of the same quantization's older one, and its parts where the content is the same. */
  const create = async (what: Omit<Wanted, 'commit'>, label?: string): Promise<DownloadJob> => {
    const endpoint = hub.endpoint;
    const detail = await model(what.repo);
    const { repo } = what;
    const { commit, quantizations } = detail;
    const quantization = quantizations.find((each) => each.id === what.quantization) ?? quantizations.find((each) => each.label === label);
    if (!quantization) throw new Fault('download.gone', 'This quantization is not in the repository any more.', { file: what.quantization });
    const known = list.jobs().find((each) => each.repo === repo && each.quantization === quantization.id && each.commit === commit);
    if (known && known.endpoint === endpoint) {
      if (!isActive(known)) begin(known);
      return known;
    }
    const job = newJob({ endpoint, repo, detail, quantization, createdAt: now() });
    for (const { path } of job.files) target(job, path);
    const older = (each: DownloadJob): boolean => each.repo === repo && (each.quantization === job.quantization || each.quantization === what.quantization);
    for (const old of list.jobs().filter(older)) await halt(old, 'paused');
    const place = list.jobs().findIndex(older);
    const others = list.jobs().filter((each) => !older(each));
    list.set(others.toSpliced(place < 0 ? others.length : place, 0, job));
    begin(job);
    return job;
  };
  /** Two clicks are one job. */
  const createOnce = async (what: Omit<Wanted, 'commit'>, label?: string): Promise<DownloadJob> => {
    const key = JSON.stringify([what.repo, what.quantization]);
    const begun = starting.get(key) ?? create(what, label).finally(() => starting.delete(key));
    starting.set(key, begun);
    return structuredClone(await begun);
  };

  /** Takes a job off the list, with those parts that no other job is to go on with; it stays where one cannot be removed. */
  const drop = async (job: DownloadJob): Promise<void> => {
    if (held) throw new Fault('library.moving', 'The models folder is being moved. Wait until it is done, or cancel it.');
    list.set(list.jobs().filter((each) => each !== job));
    await halt(job, job.state === 'done' ? 'done' : 'paused');
    const unfinished = list.jobs().filter(({ state }) => state !== 'done');
    const needed = new Set(unfinished.flatMap((other) => other.files.map(({ path }) => target(other, path))));
    try {
      for (const part of job.files.map(({ path }) => target(job, path))) if (!needed.has(part)) await changing(part, () => removePart(part));
    } catch (error) {
      list.set([...list.jobs(), job]);
      throw error;
    } finally {
      await changed();
      pump();
    }
  };

  pace.set(settings.bytesPerSecond);
  pump();
  const clock = setInterval(() => {
    if (settings.schedule.on) pump();
  }, clockMs);
  clock.unref();

  return {
    watch: list.watch,
    list: list.told,
    async start({ repo, commit, quantization }) {
      const known = list.jobs().find((each) => each.id === idOf({ repo, commit, quantization }) && each.endpoint === hub.endpoint);
      if (!known) return createOnce({ repo, quantization });
      if (!isActive(known)) begin(known);
      return structuredClone(known);
    },
    pause: async (id) => pauseJob(list.find(id)),
    async resume(id, here = false) {
      const job = list.find(id);
      if (here) job.endpoint = hub.endpoint;
      if (job.state === 'paused' || job.state === 'failed') begin(job);
      else pump();
    },
    async pauseAll() {
      await Promise.all(list.jobs().map(pauseJob));
    },
    async resumeAll() {
      for (const job of list.jobs()) if (job.state === 'paused' || (job.state === 'failed' && job.error?.code !== 'download.changed')) begin(job);
    },
    async move(id, before) {
      const job = list.find(id);
      const others = list.jobs().filter((each) => each !== job);
      const place = before === null ? others.length : others.indexOf(list.find(before));
      if (before === id) return;
      list.set(others.toSpliced(place, 0, job));
      pump();
      await changed();
    },
    async renew(id) {
      const { repo, quantization, label } = list.find(id);
      return createOnce({ repo, quantization }, label);
    },
    cancel: (id) => drop(list.find(id)),
    async dismiss(id) {
      const job = list.find(id);
      if (job.state === 'done' || job.state === 'failed') await drop(job);
    },
    adapt(next) {
      settings = next;
      pace.set(next.bytesPerSecond);
      pump();
    },
    hubChanged: pump,
    async hold() {
      held = true;
      await Promise.all([...running.keys()].map((job) => (isActive(job) ? halt(job, 'queued') : running.get(job)?.ended)));
      await list.save();
      for (const job of list.jobs()) if (isActive(job)) job.waiting = { for: 'move' };
      list.tell();
      return () => {
        held = false;
        for (const job of list.jobs()) if (job.waiting?.for === 'move') delete job.waiting;
        void changed();
        pump();
      };
    },
    async close() {
      closed = true;
      clearInterval(clock);
      await Promise.all([...running.keys()].map((job) => (isActive(job) ? halt(job, 'queued') : running.get(job)?.ended)));
      await save();
    },
  };
}

const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size;
