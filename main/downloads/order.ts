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
 * What is being verified is left alone, as its hash would begin anew. No two jobs fetch the same content at a time: the later one leaves it to
 * the other, and waits for it once it has nothing else to fetch.
 */
export function order(jobs: readonly DownloadJob[], options: OrderOptions): { run: Set<DownloadJob>; wait: Map<DownloadJob, DownloadWait | undefined> } {
  const { atOnce, opensAt, endpoint, busy, isThere } = options;
  const run = new Set(jobs.filter((job) => job.state === 'verifying' && busy.has(job)));
  const wait = new Map<DownloadJob, DownloadWait | undefined>();
  const reason = (job: DownloadJob): DownloadWait | undefined => {
    if (job.endpoint !== undefined && job.endpoint !== endpoint) return { for: 'hub', endpoint: job.endpoint };
    if (opensAt) return { for: 'schedule', until: opensAt.toISOString() };
    // It has taken what it fetches.
    if (busy.has(job)) return undefined;
    const taken = new Set([...busy, ...run].flatMap((other) => shared(job, other.files, other.repo)));
    const rest = job.files.filter(({ path }) => !isThere(job, path));
    const left = rest.find(({ path }) => taken.has(path));
    return left && !rest.some(({ path, size, received }) => !taken.has(path) && received < size) ? { for: 'file', path: left.path } : undefined;
  };
  for (const job of jobs.filter((each) => isActive(each) && !run.has(each))) {
    const why = reason(job);
    if (!why && run.size < atOnce) run.add(job);
    else wait.set(job, why);
  }
  return { run, wait };
}

/** Paths in `job` of what is among these files of `repo` too. */
export function shared(job: DownloadJob, files: readonly DownloadJob['files'][number][], repo: string): string[] {
  const same = job.repo === repo;
  return job.files
    .filter(({ path, sha256 }) => files.some((file) => (same && file.path === path) || (sha256 !== undefined && file.sha256 === sha256)))
    .map(({ path }) => path);
}
