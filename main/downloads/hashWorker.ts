/** Worker thread: the sha256 of the file it is given, so that the core stays free while gigabytes are read. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { HashMessage, HashTask } from './verify.ts';

const { path } = workerData as HashTask;
const say = (message: HashMessage): void => parentPort?.postMessage(message);
const hash = createHash('sha256');
const buffer = Buffer.allocUnsafe(4 * 1024 * 1024);
const handle = await open(path, 'r');
try {
  let bytes = 0;
  let told = Date.now();
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    bytes += bytesRead;
    if (Date.now() - told < 100) continue;
    told = Date.now();
    say({ bytes });
  }
  say({ bytes, sha256: hash.digest('hex') });
} finally {
  await handle.close();
}
