/** Runs one job from its first byte to its files in the models folder: what is on this computer already, fetch, publish. */
import { stat } from 'node:fs/promises';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import type { Patience } from './backOff.ts';
import type { Elsewhere } from './elsewhere.ts';
import { fetchVerified } from './fetch.ts';
import { type PartOf, partBytes } from './journal.ts';
import { removePart } from './part.ts';
import { binOlder, isThere, type JobFile, publish, remember } from './publish.ts';
import { checkRoom, reserveAll } from './room.ts';
import { copyForeign, finishedIn, linkOwn, linkTo } from './same.ts';
import { targetOf } from './target.ts';
import type { Source, TransferOptions } from './transfer.ts';

export interface RunOptions {
  source: Source;
  /** The models folder. */
  models: string;
  /** Where else on this computer a file may lie: it is copied from there. */
  elsewhere?: Elsewhere | undefined;
  signal: AbortSignal;
  patience?: Partial<Patience> | undefined;
  /** Awaited with the bytes that came over one connection, before it takes more. */
  pace?: TransferOptions['pace'];
  /** Bytes of a segment of a new part; 64 MiB by default. */
  segmentSize?: number | undefined;
  /** The most connections at once; 8 by default. */
  connections?: number | undefined;
  /** Bytes of the disk that a download leaves free, before it starts and while it runs. */
  spareBytes: number;
  /** Paths of files that another job fetches. */
  leave?: ReadonlySet<string> | undefined;
  /** Targets whose parts are known to be whole and right; what is verified is added. */
  verified?: Set<string> | undefined;
  /** Called after each change of the job. */
  onChange(): void;
}

/**
 * Brings all files of `job` into the models folder, all or none, and tells of its progress in the job itself: false where it fetched all but
 * those that another job still fetches, or that were removed meanwhile: it is to be run again for them. What has the content of another file is not fetched for itself. Errors: those of a transfer,
 * download.hashMismatch, hub.unsafeName; or the signal's reason. What had arrived stays, except after a mismatch.
 */
export async function runJob(job: DownloadJob, options: RunOptions): Promise<boolean> {
  const { models, leave = new Set(), verified: known = new Set(), signal, onChange } = options;
  const target = (file: JobFile): string => targetOf(models, job.repo, file.path);
  const enter = (state: DownloadJob['state']): void => {
    // Who aborts it decides its state from then on.
    signal.throwIfAborted();
    if (job.state === state) return;
    job.state = state;
    onChange();
  };
  enter('running');
  await bringSame(job, options, (bytes) => {
    job.verified = bytes;
    enter('verifying');
    onChange();
  });
  enter('running');

  const missing: JobFile[] = [];
  /** There, or fetched by another job. */
  const others: JobFile[] = [];
  /** Of files that are fetched: others with the same content. */
  const twins = new Map<JobFile, JobFile[]>();
  const withTwins = (file: JobFile): JobFile[] => [file, ...(twins.get(file) ?? [])];
  /** Bytes of the files that are verified. */
  let verified = 0;
  job.verified = 0;
  for (const file of job.files) {
    signal.throwIfAborted();
    const twin = missing.find(({ sha256 }) => sha256 !== undefined && sha256 === file.sha256);
    if (await isThere(job, file, target(file), signal)) {
      received(job, file, file.size);
      verified += file.size;
      others.push(file);
    } else if (leave.has(file.path)) {
      others.push(file);
    } else if (twin) {
      received(job, file, twin.received);
      twins.set(twin, [...(twins.get(twin) ?? []), file]);
    } else {
      received(job, file, await partBytes(target(file), partOf(job, file)));
      missing.push(file);
    }
  }
  onChange();
  const parts = missing.map((file) => ({ target: target(file), of: partOf(job, file) }));
  if (missing.some(({ size, received }) => received < size)) await checkRoom(models, parts, options.spareBytes);

  const isKnown = (file: JobFile): boolean => file.received === file.size && known.has(target(file));
  for (const { size } of missing.filter(isKnown).flatMap(withTwins)) verified += size;
  for (const file of missing.filter((each) => !isKnown(each))) {
    enter('running');
    const sha256 = await fetchVerified({
      source: options.source,
      file: partOf(job, file),
      target: target(file),
      signal,
      patience: options.patience,
      pace: options.pace,
      segmentSize: options.segmentSize,
      connections: options.connections,
      spareBytes: options.spareBytes,
      // Not before the Hub gives the files at all: a job that cannot start must not fill the disk.
      onFound: () => reserveAll(parts, options.segmentSize),
      onProgress(progress) {
        // Also what came as it was stopped: that is kept.
        for (const each of withTwins(file)) received(job, each, progress.received);
        enter('running');
        job.reconnecting = progress.reconnecting;
        onChange();
      },
      onVerifying(bytes) {
        job.verified = verified + bytes;
        job.reconnecting = 0;
        enter('verifying');
        onChange();
      },
    });
    if (sha256) file.sha256 = sha256;
    known.add(target(file));
    for (const { size } of withTwins(file)) verified += size;
    job.verified = verified;
    onChange();
  }
  signal.throwIfAborted();
  for (const file of others) {
    if (!(await isThere(job, file, target(file), signal))) return false;
    received(job, file, file.size);
  }
  await binOlder(job, missing.flatMap(withTwins), models);
  for (const file of missing) {
    await publish(job, file, target(file));
    for (const twin of twins.get(file) ?? []) {
      await linkTo(target(file), target(twin), twin.size);
      await remember(job, twin, target(twin));
      await removePart(target(twin));
    }
  }
  return true;
}

/** Puts those files of `job` in their place whose content is on this computer. Errors: download.diskFull, download.writing; or the signal's reason. */
async function bringSame(job: DownloadJob, { models, elsewhere = () => [], leave, signal }: RunOptions, onBytes: (bytes: number) => void): Promise<void> {
  let finished: Map<string, string> | undefined;
  for (const file of job.files) {
    const target = targetOf(models, job.repo, file.path);
    const { sha256, size } = file;
    if (!sha256 || leave?.has(file.path) || (await stat(target).catch(() => undefined))) continue;
    const wanted = { size, sha256, target };
    finished ??= await finishedIn(models);
    const own = finished.get(sha256);
    let brought = own !== undefined && (await linkOwn(own, wanted, signal, onBytes));
    for (const from of elsewhere(file)) brought ||= await copyForeign(from, wanted, signal, onBytes);
    if (!brought) continue;
    await remember(job, file, target);
    await removePart(target);
  }
}

function received(job: DownloadJob, file: JobFile, bytes: number): void {
  file.received = bytes;
  job.received = job.files.reduce((sum, each) => sum + each.received, 0);
}

const partOf = ({ repo, commit }: DownloadJob, { path, size, sha256 }: JobFile): PartOf => ({ repo, commit, path, size, sha256 });
