/** Content that is in the models folder already is linked, not fetched again. */
import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import { readMeta, removeMeta, writeMeta } from '../library/meta.ts';
import { writing } from './disk.ts';
import { syncFolder } from './durable.ts';
import { removePart } from './part.ts';
import { targetOf } from './target.ts';
import { hashFile } from './verify.ts';

export interface SameOptions {
  models: string;
  signal: AbortSignal;
  /** Bytes of a candidate that were compared; called from its beginning for each. */
  onVerified(bytes: number): void;
}

/**
 * Puts those files of `job` in their place whose content another finished file of the models folder has: as a hard link, or as a copy where
 * the file system knows none. Each is hashed first, as it may have changed since it came. Errors: download.diskFull, download.writing; or the signal's reason.
 */
export async function linkSame(job: DownloadJob, { models, signal, onVerified }: SameOptions): Promise<void> {
  const wanted = [];
  for (const file of job.files) {
    const target = targetOf(models, job.repo, file.path);
    if (file.sha256 && !(await stat(target).catch(() => undefined))) wanted.push({ ...file, sha256: file.sha256, target });
  }
  if (wanted.length === 0) return;
  const known = await finished(models);
  for (const file of wanted) {
    const from = known.get(file.sha256);
    if (from === undefined || (await hashFile(from, signal, onVerified)) !== file.sha256) continue;
    await writing(
      file.target,
      () => file.size,
      async () => {
        await mkdir(dirname(file.target), { recursive: true });
        await place(from, file.target);
        const { repo, commit } = job;
        await writeMeta(file.target, { repo, commit, path: file.path, size: file.size, sha256: file.sha256, verifiedAt: new Date().toISOString() });
      },
    );
    await removePart(file.target);
  }
}

/** Files of the models folder by their sha256, as their meta files tell. */
async function finished(models: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const ending = '.gguf.meta.json';
  for (const name of await readdir(models, { recursive: true }).catch(() => [])) {
    if (!name.toLowerCase().endsWith(ending) || name.startsWith('.')) continue;
    const file = join(models, name.slice(0, -'.meta.json'.length));
    const sha256 = (await readMeta(file))?.sha256;
    if (sha256) found.set(sha256, file);
  }
  return found;
}

/** The content of `from` at `target`, as a whole or not at all. */
async function place(from: string, target: string): Promise<void> {
  const draft = `${target}.same`;
  await rm(draft, { force: true });
  try {
    await link(from, draft).catch(() => copyFile(from, draft, constants.COPYFILE_FICLONE));
    await removeMeta(target);
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}
