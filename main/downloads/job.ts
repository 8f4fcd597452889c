/** One thing to download, as it stands on the list. */
import { createHash } from 'node:crypto';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import type { ModelDetail, Quantization } from '../../shared/schemas/hub.ts';

/** A quantization of a repository. */
export interface Wanted {
  repo: string;
  commit: string;
  quantization: string;
}

/** The same for the same content of a repository, whenever it is asked for. */
export const idOf = ({ repo, commit, quantization }: Wanted): string =>
  createHash('sha256')
    .update(JSON.stringify([repo, commit, quantization]))
    .digest('hex')
    .slice(0, 16);

/** A job of a quantization with the repository's projector that waits for its turn. */
export function newJob(of: { endpoint: string; repo: string; detail: ModelDetail; quantization: Quantization; createdAt: Date }): DownloadJob {
  const { endpoint, repo, detail, quantization, createdAt } = of;
  const { commit, projector } = detail;
  const files = [...quantization.files, ...(projector ? [projector] : [])];
  return {
    ...{ id: idOf({ repo, commit, quantization: quantization.id }), endpoint, repo, commit, quantization: quantization.id, label: quantization.label },
    files: files.map((each) => ({ ...each, received: 0 })),
    ...{ state: 'queued', size: files.reduce((sum, { size }) => sum + size, 0), received: 0, verified: 0, rate: 0, secondsLeft: null, reconnecting: 0 },
    createdAt: createdAt.toISOString(),
  };
}

/** A job that does nothing at the moment. */
export function settle(job: DownloadJob, state: DownloadJob['state']): void {
  job.state = state;
  job.rate = 0;
  job.secondsLeft = null;
  job.reconnecting = 0;
  delete job.waiting;
}
