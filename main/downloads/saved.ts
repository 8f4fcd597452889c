/** The list of downloads as it outlives the app: `.downloads.json` in the models folder. */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { type DownloadJob, downloadJob } from '../../shared/schemas/download.ts';
import type { Log } from '../log.ts';
import { setAside } from '../setAside.ts';
import { writeDurably } from './durable.ts';

/** Fields are added with defaults, never renamed: version 1 of any age is read. */
const saved = z.object({ v: z.literal(1), jobs: z.array(z.unknown()) });

/** The list as it was left, without what `isSafe` refuses or cannot be read; one that cannot be read at all is set aside as `<file>.broken`, and the log says so. */
export function loadJobs(file: string, isSafe: (job: DownloadJob) => boolean, log?: Pick<Log, 'warn'>): DownloadJob[] {
  try {
    const { jobs } = saved.parse(JSON.parse(readFileSync(file, 'utf8')));
    return jobs.flatMap((each) => {
      const { data } = downloadJob.safeParse(each);
      return data && isSafe(data) ? [data] : [];
    });
  } catch (error) {
    if (!isMissing(error)) giveUp(file, error, log);
    return [];
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

function giveUp(file: string, error: unknown, log: Pick<Log, 'warn'> | undefined): void {
  try {
    setAside(file, 'The list of downloads could not be read; it was set aside', error, log);
  } catch {
    // A folder that cannot be written to keeps it where it is.
    log?.warn('The list of downloads could not be read', { file, error });
  }
}

/** Writes the list down in `file`, asked each time, one write after the other. Never rejects: a list that cannot be written (a full disk) must not stop the download that fills it. */
export function createSaver(file: () => string): (jobs: readonly DownloadJob[]) => Promise<void> {
  let saving: Promise<void> = Promise.resolve();
  return (jobs) => {
    const write = async (): Promise<void> => {
      await mkdir(dirname(file()), { recursive: true });
      await writeDurably(file(), JSON.stringify({ v: 1, jobs }));
    };
    saving = saving.then(write).catch(() => {});
    return saving;
  };
}
