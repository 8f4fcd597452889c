/** Which of the listed downloads run now, and what the others wait for. */
import type { DownloadJob, DownloadWait } from '../../shared/schemas/download.ts';

export interface OrderOptions {
  /** Jobs that run at the same time. */
  atOnce: number;
  /** When downloads may run again; undefined: they may now. */
  opensAt: Date | undefined;
  /** The hub in use. */
  endpoint: string;
  /** Jobs that write to the disk now, also those that are just being stopped. */
  busy: ReadonlySet<DownloadJob>;
  /** The file is finished and in its place. */
  isThere(job: DownloadJob, path: string): boolean;
}

/** Wants to run: neither paused nor ended. */
export const isActive = (job: DownloadJob): boolean => job.state === 'queued' || job.state === 'running' || job.state === 'verifying';

/**
 * The first `atOnce` active jobs of the list that can run, in its order; of the other active ones, why they wait (undefined: for their turn).
 * What is being verified is left alone, as its hash would begin anew. No two jobs fetch the same content at a time.
 */
export function order(jobs: readonly DownloadJob[], options: OrderOptions): { run: Set<DownloadJob>; wait: Map<DownloadJob, DownloadWait | undefined> } {
  const { atOnce, opensAt, endpoint, busy, isThere } = options;
  const run = new Set(jobs.filter((job) => job.state === 'verifying' && busy.has(job)));
  const wait = new Map<DownloadJob, DownloadWait | undefined>();
  const reason = (job: DownloadJob): DownloadWait | undefined => {
    if (job.endpoint !== undefined && job.endpoint !== endpoint) return { for: 'hub', endpoint: job.endpoint };
    if (opensAt) return { for: 'schedule', until: opensAt.toISOString() };
    const path = [...busy, ...run].filter((other) => other !== job).flatMap((other) => shared(job, other))[0];
    return path === undefined || isThere(job, path) ? undefined : { for: 'file', path };
  };
  for (const job of jobs.filter((each) => isActive(each) && !run.has(each))) {
    const why = reason(job);
    if (!why && run.size < atOnce) run.add(job);
    else wait.set(job, why);
  }
  return { run, wait };
}

/** Paths in `job` of the files that `other` has too. */
function shared(job: DownloadJob, other: DownloadJob): string[] {
  const same = job.repo === other.repo;
  return job.files
    .filter(({ path, sha256 }) => other.files.some((file) => (same && file.path === path) || (sha256 !== undefined && file.sha256 === sha256)))
    .map(({ path }) => path);
}
