/** One start of the app that downloads one file: in this process, or as a process of its own that can be killed (`node attempt.ts <task as JSON>`). */
import { runJob } from '../main/downloads/run.ts';
import { createHub } from '../main/hub/client.ts';
import type { HubAddress } from '../main/hub/redirects.ts';
import { toAppError } from '../shared/result.ts';

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
}
/** `done`, the error code that it stopped with, or `killed`. */
export interface Outcome {
  end: string;
  message: string;
}

/** The app is patient for two minutes. Here a second of it takes 20 ms, and there is less of it, so that outages also end downloads; silence on a busy machine needs longer. */
const patience = { stallMs: 1500, retryMs: 20, tries: 5 };

/** Downloads, or goes on with it, to the end. */
export async function attempt(task: Task, signal: AbortSignal): Promise<Outcome> {
  const { path, size, sha256 } = task;
  const job: Parameters<typeof runJob>[0] = {
    ...task,
    id: 'faults',
    label: 'Q8_0',
    quantization: path,
    files: [{ path, size, sha256, received: 0 }],
    state: 'queued',
    received: 0,
    verified: 0,
    rate: 0,
    secondsLeft: null,
    reconnecting: 0,
    createdAt: '',
  };
  try {
    await runJob(job, { ...task, source: createHub(task.address, { backOffMs: 20 }), signal, patience, onChange() {} });
    return { end: 'done', message: '' };
  } catch (error) {
    const { code, message } = toAppError(error);
    return { end: code, message: code === 'internal' ? String(error instanceof Error ? error.stack : error) : message };
  }
}

if (process.argv[1] === import.meta.filename) {
  const outcome = await attempt(JSON.parse(process.argv[2] ?? ''), new AbortController().signal);
  process.stdout.write(JSON.stringify(outcome));
  process.exit(0);
}
