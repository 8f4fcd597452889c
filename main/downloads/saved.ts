/** The list of downloads as it outlives the app: `.downloads.json` in the models folder. */
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { type DownloadJob, downloadJob } from '../../shared/schemas/download.ts';
import { writeDurably } from './durable.ts';

/** Fields are added with defaults, never renamed: version 1 of any age is read. */
const saved = z.object({ v: z.literal(1), jobs: z.array(z.unknown()) });

/** The list as it was left, without what `isSafe` refuses or cannot be read; a file that is no list at all is set aside as `<file>.broken`. */
export function loadJobs(file: string, isSafe: (job: DownloadJob) => boolean): DownloadJob[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  try {
    const { jobs } = saved.parse(JSON.parse(text));
    return jobs.flatMap((each) => {
      const { data } = downloadJob.safeParse(each);
      return data && isSafe(data) ? [data] : [];
    });
  } catch {
    setAside(file);
    return [];
  }
}

function setAside(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    renameSync(file, `${file}.broken`);
  } catch {
    // A folder that cannot be written to keeps it where it is.
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
