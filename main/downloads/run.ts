/** Runs one job from its first byte to its files in the models folder: what is on this computer already, fetch, publish. */
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../../shared/result.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import { readMeta, removeMeta, writeMeta } from '../library/meta.ts';
import type { Patience } from './backOff.ts';
import { freeBytes, writing } from './disk.ts';
import { syncFolder } from './durable.ts';
import type { Elsewhere } from './elsewhere.ts';
import { fetchVerified } from './fetch.ts';
import { journalPath, type PartOf, partBytes, partPath } from './journal.ts';
import { lackedBytes, openPart, removePart } from './part.ts';
import { copyForeign, finishedIn, linkOwn, linkTo } from './same.ts';
import { targetOf } from './target.ts';
import type { Source, TransferOptions } from './transfer.ts';
import { hashFile } from './verify.ts';

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
  /** Called after each change of the job. */
  onChange(): void;
}

type JobFile = DownloadJob['files'][number];

/**
 * Brings all files of `job` into the models folder, all or none, and tells of its progress in the job itself. What has the content of another
 * file is not fetched for itself. Errors: those of a transfer, download.hashMismatch, hub.unsafeName; or the signal's reason. What had arrived
 * stays, except after a mismatch.
 */
export async function runJob(job: DownloadJob, options: RunOptions): Promise<void> {
  const { models, signal, onChange } = options;
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

  for (const file of missing) {
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
        enter('running');
        for (const each of withTwins(file)) received(job, each, progress.received);
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
    for (const { size } of withTwins(file)) verified += size;
    job.verified = verified;
    onChange();
  }
  signal.throwIfAborted();
  for (const file of missing) {
    await publish(job, file, target(file));
    for (const twin of twins.get(file) ?? []) {
      await linkTo(target(file), target(twin), twin.size);
      await remember(job, twin, target(twin));
      await removePart(target(twin));
    }
  }
}

/** Puts those files of `job` in their place whose content is on this computer. Errors: download.diskFull, download.writing; or the signal's reason. */
async function bringSame(job: DownloadJob, { models, elsewhere = () => [], signal }: RunOptions, onBytes: (bytes: number) => void): Promise<void> {
  let finished: Map<string, string> | undefined;
  for (const file of job.files) {
    const target = targetOf(models, job.repo, file.path);
    const { sha256, size } = file;
    if (!sha256 || (await stat(target).catch(() => undefined))) continue;
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

/** The file is in its place with the content that the job wants. A file from elsewhere is compared once and then known. */
async function isThere(job: DownloadJob, file: JobFile, target: string, signal: AbortSignal): Promise<boolean> {
  const onDisk = await stat(target).catch(() => undefined);
  if (!onDisk?.isFile() || onDisk.size !== file.size) return false;
  const meta = await readMeta(target);
  if (meta) return file.sha256 ? meta.sha256 === file.sha256 : meta.repo === job.repo && meta.commit === job.commit;
  if (!file.sha256 || (await hashFile(target, signal)) !== file.sha256) return false;
  await remember(job, file, target);
  return true;
}

/** Gives a verified part its name. */
async function publish(job: DownloadJob, file: JobFile, target: string): Promise<void> {
  await writing(
    target,
    () => 0,
    async () => {
      await removeMeta(target);
      await rename(partPath(target), target);
      await rm(journalPath(target), { force: true });
      await syncFolder(dirname(target));
      await remember(job, file, target);
    },
  );
}

function remember(job: DownloadJob, file: JobFile, target: string): Promise<void> {
  return writeMeta(target, {
    repo: job.repo,
    commit: job.commit,
    path: file.path,
    size: file.size,
    ...(file.sha256 && { sha256: file.sha256 }),
    verifiedAt: new Date().toISOString(),
  });
}

function received(job: DownloadJob, file: JobFile, bytes: number): void {
  file.received = bytes;
  job.received = job.files.reduce((sum, each) => sum + each.received, 0);
}

interface Reserved {
  target: string;
  of: PartOf;
}

const partOf = ({ repo, commit }: DownloadJob, { path, size, sha256 }: JobFile): PartOf => ({ repo, commit, path, size, sha256 });

/** Errors: download.diskFull when what these parts do not hold yet and the spare do not fit. */
async function checkRoom(models: string, parts: readonly Reserved[], spare: number): Promise<void> {
  await mkdir(models, { recursive: true });
  let bytes = spare;
  for (const { target, of } of parts) bytes += await lackedBytes(target, of.size);
  const lacking = bytes - (await freeBytes(models));
  if (lacking > 0) throw new Fault('download.diskFull', 'There is not enough room on the disk.', { missing: lacking });
}

/** Begins those of these parts that are not there, which takes their room. Errors: download.diskFull, with all of them removed again. */
async function reserveAll(parts: readonly Reserved[], segmentSize: number | undefined): Promise<void> {
  const begun: string[] = [];
  try {
    for (const { target, of } of parts) {
      if (await stat(partPath(target)).catch(() => undefined)) continue;
      begun.push(target);
      const part = await openPart(target, of, segmentSize);
      await part.close();
    }
  } catch (error) {
    for (const target of begun) await removePart(target);
    throw error;
  }
}
