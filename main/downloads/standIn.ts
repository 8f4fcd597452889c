/** For tests: the stand-in Hub with one repository, a models folder, and a way to it that never follows a redirect. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Content } from '../../e2e/hub/content.ts';
import { type Hub as StandInHub, startHub } from '../../e2e/hub/start.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import type { HubFile, ModelDetail } from '../../shared/schemas/hub.ts';
import { createHub } from '../hub/client.ts';
import { createDownloads, type Downloads, type DownloadsOptions } from './queue.ts';

export const repo = 'atelier/download-GGUF';

export interface StandIn {
  hub: StandInHub;
  models: string;
  commit: string;
  file(path: string): HubFile;
  /** The repository as the Hub's client would tell it. */
  model(): Promise<ModelDetail>;
  /** Downloads of the models folder; another call is what a new start of the app does. */
  open(options?: Partial<DownloadsOptions>): Downloads;
  /** Ranges that the CDN was asked for, of one file or all, oldest first. */
  ranges(path?: string): string[];
  close(): Promise<void>;
}

/** Serves `files`; a path with `mmproj` is the projector, the others are one quantization. */
export async function openStandIn(files: Record<string, Content>, token?: string): Promise<StandIn> {
  const hub = await startHub({ repositories: [{ repo, files }] });
  const models = await mkdtemp(join(tmpdir(), 'atelier-models-'));
  const snapshot = hub.repository(repo).snapshots[0]!;
  const commit = snapshot.commit;
  const file = (path: string): HubFile => {
    const { size, lfs } = snapshot.files.get(path)!;
    return { path, size, ...(lfs && { sha256: lfs.oid }) };
  };
  const paths = Object.keys(files);
  const shards = paths.filter((path) => !path.includes('mmproj')).map(file);
  const projector = paths.find((path) => path.includes('mmproj'));
  const detail: ModelDetail = {
    id: repo,
    owner: 'atelier',
    name: 'download-GGUF',
    downloads: 0,
    likes: 0,
    gated: 'no',
    vision: false,
    family: 'download',
    reasoning: false,
    languages: [],
    commercial: 'unknown',
    tools: false,
    thinking: false,
    system: false,
    runnable: true,
    commit,
    quantizations: [{ id: shards[0]!.path, label: 'Q8_0', files: shards, size: shards.reduce((sum, { size }) => sum + size, 0) }],
    ...(projector && { projector: file(projector) }),
  };
  const opened: Downloads[] = [];
  return {
    hub,
    models,
    commit,
    file,
    model: async () => detail,
    open(options = {}) {
      const client = createHub({ endpoint: hub.endpoint, redirectHosts: hub.redirectHosts, token });
      const downloads = createDownloads({
        hub: client,
        folders: { models },
        model: async () => detail,
        patience: { stallMs: 500, retryMs: 10 },
        spareBytes: 0,
        ...options,
      });
      opened.push(downloads);
      return downloads;
    },
    ranges: (path = '') => hub.log.filter((entry) => entry.at === 'cdn' && entry.subject.includes(path)).map((entry) => String(entry.headers.range)),
    async close() {
      for (const downloads of opened) await downloads.close();
      await hub.close();
      await rm(models, { recursive: true, force: true });
    },
  };
}

/** The first job once `wanted` holds. */
export async function when(downloads: Downloads, wanted: (job: DownloadJob) => boolean): Promise<DownloadJob> {
  for await (const [job] of downloads.watch(AbortSignal.timeout(25_000))) if (job && wanted(job)) return job;
  throw new Error('it never came to that');
}

/** The first job when it has ended, well or not. */
export const ended = (downloads: Downloads): Promise<DownloadJob> => when(downloads, ({ state }) => state === 'done' || state === 'failed');
