/** One start of the app that downloads one file: in this process, or as a process of its own that can be killed (`node attempt.ts <task as JSON>`). */
import { createDownloads, type Downloads } from '../main/downloads/queue.ts';
import { createHub } from '../main/hub/client.ts';
import type { HubAddress } from '../main/hub/redirects.ts';
import type { ModelDetail } from '../shared/schemas/hub.ts';

export interface Task {
  address: HubAddress;
  models: string;
  repo: string;
  commit: string;
  path: string;
  size: number;
  sha256: string;
  segmentSize: number;
  connections: number;
  spareBytes: number;
  /** There is a program to reserve room with. */
  reserves: boolean;
}
/** `done`, the error code that it stopped with, `hung` or `killed`. */
export interface Outcome {
  end: string;
  message: string;
}

/** The app is patient for two minutes. Here a second of it takes 20 ms, and there is less of it, so that outages also end downloads; silence on a busy machine needs longer. */
const patience = { stallMs: 1500, retryMs: 20, tries: 5 };

/** Downloads, or goes on with it, to the end; `meanwhile` may do what a person does. */
export async function attempt(
  task: Task,
  signal: AbortSignal,
  meanwhile: (downloads: Downloads, id: string) => Promise<void> = async () => {},
): Promise<Outcome> {
  const { models, repo, commit, path, size, sha256, reserves } = task;
  const { PATH } = process.env;
  if (!reserves) process.env.PATH = '';
  const detail = { id: repo, commit, quantizations: [{ id: path, label: 'Q8_0', files: [{ path, size, sha256 }], size }] };
  const hub = createHub(task.address, { backOffMs: 20 });
  const downloads = createDownloads({ ...task, hub, folders: { models }, model: async () => detail as Partial<ModelDetail> as ModelDetail, patience });
  try {
    const { id } = await downloads.start({ repo, commit, quantization: path });
    const done = meanwhile(downloads, id);
    for await (const [job] of downloads.watch(signal)) {
      if (job?.state === 'done') return { end: 'done', message: '' };
      if (!job?.error || (job.state !== 'failed' && job.state !== 'paused')) continue;
      await done;
      return { end: job.error.code, message: job.error.message };
    }
    return { end: 'hung', message: 'it did not go on' };
  } finally {
    await downloads.close();
    process.env.PATH = PATH;
  }
}

if (process.argv[1] === import.meta.filename) {
  const outcome = await attempt(JSON.parse(process.argv[2] ?? ''), new AbortController().signal);
  process.stdout.write(JSON.stringify(outcome));
  process.exit(0);
}
