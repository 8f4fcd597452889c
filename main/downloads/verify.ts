/** The sha256 of a file, worked out in a worker thread. */
import { Worker } from 'node:worker_threads';

export interface HashTask {
  path: string;
}
/** Bytes read so far; with the hash when it is done. */
export interface HashMessage {
  bytes: number;
  sha256?: string;
}

// The worker lies beside this file as source, and beside the bundle that this file became.
const worker = new URL(import.meta.url.endsWith('.ts') ? './hashWorker.ts' : './hashWorker.js', import.meta.url);

/** The sha256 of the file at `path`, lower case hex; `onBytes` hears how many bytes have been read. Errors: those of the file system, or the signal's reason. */
export function hashFile(path: string, signal: AbortSignal, onBytes: (bytes: number) => void = () => {}): Promise<string> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const task: HashTask = { path };
    const thread = new Worker(worker, { workerData: task });
    const abort = (): void => {
      reject(signal.reason);
      void thread.terminate();
    };
    signal.addEventListener('abort', abort, { once: true });
    thread.on('message', (message: HashMessage) => {
      onBytes(message.bytes);
      if (message.sha256) resolve(message.sha256);
    });
    thread.on('error', reject);
    thread.on('exit', (code) => {
      signal.removeEventListener('abort', abort);
      // Does nothing after the hash has been told.
      reject(new Error(`the hash worker ended with code ${code}`));
    });
  });
}
