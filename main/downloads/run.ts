/** Runs one job from its first byte to its files in the models folder: transfer, verify, publish. */
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../../shared/result.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import { readMeta, removeMeta, writeMeta } from '../library/meta.ts';
import { freeBytes, writing } from './disk.ts';
import { syncFolder } from './durable.ts';
import { journalPath, partBytes, partPath, removePart } from './part.ts';
import { targetOf } from './target.ts';
import { type Patience, type Source, transfer } from './transfer.ts';
import { hashFile } from './verify.ts';

export interface RunOptions {
  source: Source;
  /** The models folder. */
  models: string;
  signal: AbortSignal;
  patience?: Partial<Patience> | undefined;
  /** Bytes of the disk that a download leaves free. */
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
  let verifiedBefore = 0;
  const verifying = (bytes: number): void => {
    job.verified = verifiedBefore + bytes;
    onChange();
  };
  job.verified = 0;
  for (const file of job.files) {
    signal.throwIfAborted();
    if (await isThere(job, file, target(file), signal)) {
      received(job, file, file.size);
      verifiedBefore += file.size;
    } else {
      received(job, file, await partBytes(target(file), { ...job, ...file, sha256: file.sha256 }));
      missing.push(file);
    }
  }
  onChange();
  await checkRoom(models, job.size - job.received, options.spareBytes);

  const fetch = async (file: JobFile): Promise<void> => {
    const sha256 = await transfer({
      source: options.source,
      file: { repo: job.repo, commit: job.commit, path: file.path, size: file.size, sha256: file.sha256 },
      target: target(file),
      signal,
      onReceived(bytes) {
        received(job, file, bytes);
        onChange();
      },
      ...(options.patience && { patience: options.patience }),
    });
    if (sha256) file.sha256 = sha256;
  };
  const verify = async (file: JobFile): Promise<void> => {
    const expected = file.sha256;
    if (!expected) return;
    const actual = await hashFile(partPath(target(file)), signal, verifying);
    if (actual === expected) return;
    await removePart(target(file));
    received(job, file, 0);
    throw new Fault('download.hashMismatch', 'What arrived is not what the Hub has.', { file: file.path, expected, actual });
  };

  const enter = (state: DownloadJob['state']): void => {
    // Who aborts it decides its state from then on.
    signal.throwIfAborted();
    job.state = state;
    onChange();
  };
  enter('running');
  for (const file of missing) await fetch(file);
  enter('verifying');
  for (const file of missing) {
    verifying(0);
    try {
      await verify(file);
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'download.hashMismatch')) throw error;
      // Once more from zero; a second mismatch is the Hub's or the disk's, and trying on would never end.
      enter('running');
      await fetch(file);
      enter('verifying');
      verifying(0);
      await verify(file);
    }
    verifiedBefore += file.size;
    verifying(0);
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
