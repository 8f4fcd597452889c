/** The downloads, as core reports them. */
import { createStore } from 'zustand/vanilla';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError, Result } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import { watch } from '../rpc/follow.ts';

export interface DownloadsState {
  /** undefined until core has answered. */
  jobs: DownloadJob[] | undefined;
  error: AppError | undefined;
  start(what: { repo: string; commit: string; quantization: string }): Promise<Result<DownloadJob>>;
  pause(id: string): Promise<Result<void>>;
  /** `here`: from the hub in use, although it came from another one. */
  resume(id: string, here?: boolean): Promise<Result<void>>;
  pauseAll(): Promise<Result<void>>;
  resumeAll(): Promise<Result<void>>;
  /** Before another job, or to the end. */
  move(id: string, before: string | null): Promise<Result<void>>;
  /** The version that the repository has now, in its place. */
  renew(id: string): Promise<Result<unknown>>;
  cancel(id: string): Promise<Result<void>>;
  dismiss(id: string): Promise<Result<void>>;
}

/** The downloads store. */
export const createDownloadsStore = (client: Client<Core>) =>
  createStore<DownloadsState>((set) => {
    watch(
      client,
      'downloads.watch',
      (jobs) => set({ jobs, error: undefined }),
      (error) => set({ error }),
    );
    return {
      jobs: undefined,
      error: undefined,
      start: (what) => client.call('downloads.start', what),
      pause: (id) => client.call('downloads.pause', { id }),
      resume: (id, here) => client.call('downloads.resume', { id, ...(here && { here }) }),
      pauseAll: () => client.call('downloads.pauseAll', undefined),
      resumeAll: () => client.call('downloads.resumeAll', undefined),
      move: (id, before) => client.call('downloads.move', { id, before }),
      renew: (id) => client.call('downloads.renew', { id }),
      cancel: (id) => client.call('downloads.cancel', { id }),
      dismiss: (id) => client.call('downloads.dismiss', { id }),
    };
  });
