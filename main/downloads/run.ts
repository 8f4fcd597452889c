/** Runs one job from its first byte to its files in the models folder: fetch, publish. */
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../../shared/result.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import { readMeta, removeMeta, writeMeta } from '../library/meta.ts';
import type { Patience } from './backOff.ts';
import { freeBytes, writing } from './disk.ts';
import { syncFolder } from './durable.ts';
import { fetchVerified } from './fetch.ts';
import { journalPath, partBytes, partPath } from './journal.ts';
import { targetOf } from './target.ts';
import type { Source, TransferOptions } from './transfer.ts';
import { hashFile } from './verify.ts';

export interface RunOptions {
  source: Source;
  /** The models folder. */
  models: string;
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
 * Brings all files of `job` into the models folder, all or none, and tells of its progress in the job itself.
 * Errors: those of a transfer, download.hashMismatch, hub.unsafeName; or the signal's reason. What had arrived stays, except after a mismatch.
 */
export async function runJob(job: DownloadJob, options: RunOptions): Promise<void> {
  const { models, signal, onChange } = options;
  const target = (file: JobFile): string => targetOf(models, job.repo, file.path);
  const missing: JobFile[] = [];
  /** Bytes of the files that are verified. */
  let verified = 0;
  job.verified = 0;
  for (const file of job.files) {
    signal.throwIfAborted();
    if (await isThere(job, file, target(file), signal)) {
      received(job, file, file.size);
      verified += file.size;
    } else {
      received(job, file, await partBytes(target(file), { ...job, ...file, sha256: file.sha256 }));
      missing.push(file);
    }
  }
  onChange();
  await checkRoom(models, job.size - job.received, options.spareBytes);

  const enter = (state: DownloadJob['state']): void => {
    // Who aborts it decides its state from then on.
    signal.throwIfAborted();
    if (job.state === state) return;
    job.state = state;
    onChange();
  };
  for (const file of missing) {
    enter('running');
    const sha256 = await fetchVerified({
      source: options.source,
      file: { repo: job.repo, commit: job.commit, path: file.path, size: file.size, sha256: file.sha256 },
      target: target(file),
      signal,
      patience: options.patience,
      pace: options.pace,
      segmentSize: options.segmentSize,
      connections: options.connections,
      spareBytes: options.spareBytes,
      onProgress(progress) {
        enter('running');
        received(job, file, progress.received);
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
    verified += file.size;
    job.verified = verified;
    onChange();
  }
  signal.throwIfAborted();
  for (const file of missing) await publish(job, file, target(file));
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

/** Errors: download.diskFull when `bytes` and the spare do not fit. */
async function checkRoom(models: string, bytes: number, spare: number): Promise<void> {
  if (bytes === 0) return;
  await mkdir(models, { recursive: true });
  const lacking = bytes + spare - (await freeBytes(models));
  if (lacking > 0) throw new Fault('download.diskFull', 'There is not enough room on the disk.', { missing: lacking });
}
