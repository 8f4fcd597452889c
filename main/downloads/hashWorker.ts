/** Worker thread: the sha256 of a file that may still grow, so that the core stays free while gigabytes are read. */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { HashMessage, HashOrder, HashTask } from './verify.ts';

const { path } = workerData as HashTask;
const say = (message: HashMessage): void => parentPort?.postMessage(message);
/** The state of the hash is kept at each of these many bytes, so that it can go back there. */
const stepBytes = 64 * 1024 * 1024;
const states: Hash[] = [createHash('sha256')];
const buffer = Buffer.allocUnsafe(1024 * 1024);
let hash = states[0]!.copy();
let position = 0;
let told = 0;
let order: HashOrder = { reach: 0, end: false };
let over = false;
let rewinds = 0;
let wake = (): void => {};

parentPort?.on('message', (next: HashOrder | null) => {
  over = next === null;
  if (!next) return wake();
  order = next;
  if (next.reach < position) {
    // What was read after this is written anew.
    rewinds++;
    states.length = Math.min(states.length, Math.floor(next.reach / stepBytes) + 1);
    hash = states.at(-1)!.copy();
    position = (states.length - 1) * stepBytes;
  }
  wake();
});

let handle: FileHandle | undefined;
while (!over) {
  if (position < order.reach) {
    handle ??= await open(path, 'r');
    const from = position;
    const before = rewinds;
    const wanted = Math.min(buffer.length, order.reach - from, stepBytes - (from % stepBytes));
    const { bytesRead } = await handle.read(buffer, 0, wanted, from);
    if (bytesRead === 0) throw new Error(`${path} is shorter than it was`);
    // It was told to go back meanwhile: these bytes may be old ones.
    if (rewinds !== before) continue;
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
    if (position % stepBytes === 0) states.push(hash.copy());
    if (order.end && Date.now() - told >= 100) {
      told = Date.now();
      say({ bytes: position });
    }
    continue;
  }
  if (order.end) {
    order = { ...order, end: false };
    say({ bytes: position, sha256: hash.copy().digest('hex') });
  }
  await new Promise<void>((resolve) => {
    wake = resolve;
  });
}
// Not left to the end of the thread: whoever waits for it may unmount the disk.
await handle?.close();
parentPort?.close();
