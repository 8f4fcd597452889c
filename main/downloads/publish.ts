/** Files of a job in their place in the models folder. */
import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import { createBin } from '../library/bin.ts';
import { metaPath, readMeta, removeMeta, statedMeta, writeMeta } from '../library/meta.ts';
import { changing } from './disk.ts';
import { syncFolder } from './durable.ts';
import { journalPath, partPath } from './journal.ts';
import { targetOf } from './target.ts';
import { hashFile } from './verify.ts';

export type JobFile = DownloadJob['files'][number];

/** The file is in its place with the content that the job wants. A file from elsewhere is compared once and then known. */
export async function isThere(job: DownloadJob, file: JobFile, target: string, signal: AbortSignal): Promise<boolean> {
  const onDisk = await stat(target).catch(() => undefined);
  if (!onDisk?.isFile() || onDisk.size !== file.size) return false;
  const meta = await readMeta(target);
  if (meta) return file.sha256 ? meta.sha256 === file.sha256 : meta.repo === job.repo && meta.commit === job.commit;
  if (!file.sha256 || (await hashFile(target, signal)) !== file.sha256) return false;
  await remember(job, file, target);
  return true;
}

/** Writes down where a file came from and that it is verified. */
export function remember(job: DownloadJob, file: JobFile, target: string): Promise<void> {
  return writeMeta(target, {
    repo: job.repo,
    commit: job.commit,
    path: file.path,
    size: file.size,
    ...(file.sha256 && { sha256: file.sha256 }),
    verifiedAt: new Date().toISOString(),
  });
}

/** Gives a verified part its name. Errors: download.writing. */
export async function publish(job: DownloadJob, file: JobFile, target: string): Promise<void> {
  await changing(target, async () => {
    await removeMeta(target);
    await rename(partPath(target), target);
    await rm(journalPath(target), { force: true });
    await syncFolder(dirname(target));
    await remember(job, file, target);
  });
}

/** What lies where these files go is something else, mostly their older version: it goes to the bin, as one thing. Errors: download.writing. */
export async function binOlder(job: DownloadJob, files: readonly JobFile[], models: string): Promise<void> {
  const older: string[] = [];
  let commit = '';
  for (const { path } of files) {
    const target = targetOf(models, job.repo, path);
    if (!(await isFile(target))) continue;
    commit ||= (await statedMeta(target))?.commit ?? '';
    const there = (await isFile(metaPath(target))) ? [target, metaPath(target)] : [target];
    older.push(...there.map((file) => relative(models, file).split(sep).join('/')));
  }
  if (older.length === 0) return;
  const version = commit.slice(0, 7);
  await changing(join(models, older[0]!), () =>
    createBin(models, true).put({
      // By the version too: what is removed later by its own name is another thing.
      id: `${job.repo}/${job.quantization}@${version}`,
      name: basename(job.repo),
      label: version ? `${job.label} · ${version}` : job.label,
      files: older,
      shared: [],
    }),
  );
}

const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() === true;
