/** The sha256 of a file, worked out in a worker thread; also of a file that is still being written. */
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

export interface HashTask {
  path: string;
}
/** Hash the file's first `reach` bytes, fewer than before meaning that the rest is written anew; tell the hash where that is the `end`. */
export interface HashOrder {
  reach: number;
  end: boolean;
}
/** Bytes read so far; with the hash when it is done. */
export interface HashMessage {
  bytes: number;
  sha256?: string;
}

export interface GrowingHash {
  /** The file's first `bytes` are there; fewer than before: what comes after them is written anew. */
  reach(bytes: number): void;
  /** The sha256 of the first `bytes`, lower case hex; `onBytes` hears how many have been read. Errors: those of the file system, or the signal's reason. */
  digest(bytes: number, signal: AbortSignal, onBytes?: (bytes: number) => void): Promise<string>;
  /** Lets go of the file. */
  close(): Promise<void>;
}

// The worker lies beside this file as source, and beside the bundle that this file became.
const worker = new URL(import.meta.url.endsWith('.ts') ? './hashWorker.ts' : './hashWorker.js', import.meta.url);

/** Hashes the file at `path` while it grows. It is opened when its first bytes are there. */
export function hashWhileItGrows(path: string): GrowingHash {
  const task: HashTask = { path };
  const thread = new Worker(worker, { workerData: task });
  let reached = 0;
  const exited = new Promise<number>((resolve) => thread.on('exit', resolve));
  const ended = new Promise<never>((_, reject) => {
    thread.on('error', reject);
    thread.on('exit', (code) => reject(new Error(`the hash worker ended with code ${code}`)));
  });
  // Only who waits for the hash hears of it.
  ended.catch(() => {});
  const say = (order: HashOrder): void => {
    reached = order.reach;
    thread.postMessage(order);
  };
  return {
    reach(bytes) {
      // A message for each piece that is written would cost more than it brings.
      if (bytes < reached || bytes - reached >= 4 * 1024 * 1024) say({ reach: bytes, end: false });
    },
    async digest(bytes, signal, onBytes = () => {}) {
      signal.throwIfAborted();
      let abort = (): void => {};
      let hear = (_: HashMessage): void => {};
      const told = new Promise<string>((resolve, reject) => {
        abort = () => reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        hear = (message) => {
          onBytes(message.bytes);
          if (message.sha256) resolve(message.sha256);
        };
        thread.on('message', hear);
      });
      try {
        say({ reach: bytes, end: true });
        return await Promise.race([told, ended]);
      } finally {
        signal.removeEventListener('abort', abort);
        thread.off('message', hear);
      }
    },
    async close() {
      thread.postMessage(null);
      await exited;
    },
  };
}

/** The sha256 of the file at `path`, lower case hex; `onBytes` hears how many bytes have been read. Errors: those of the file system, or the signal's reason. */
export async function hashFile(path: string, signal: AbortSignal, onBytes?: (bytes: number) => void): Promise<string> {
  const { size } = await stat(path);
  const hash = hashWhileItGrows(path);
  try {
    return await hash.digest(size, signal, onBytes);
  } finally {
    await hash.close();
  }
}
