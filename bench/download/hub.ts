/** The stand-in Hub with one big file, as a process of its own: `node hub.js <size> [bytes per second of a connection] [latency in ms]`. */
import { createHash } from 'node:crypto';
import type { Content } from '../../e2e/hub/content.ts';
import { startHub } from '../../e2e/hub/start.ts';

const [size = 0, rate = 0, latency = 0] = process.argv.slice(2).map(Number);
const blockSize = 1 << 20;
// One block twice in a row, so that a piece can begin anywhere in it and needs no copy.
const blocks = Buffer.alloc(2 * blockSize);
for (let at = 0; at < blockSize; at += 64) createHash('sha512').update(`${at}`).digest().copy(blocks, at);
blocks.copy(blocks, blockSize, 0, blockSize);
const content: Content = {
  size,
  read: async (offset, length) => blocks.subarray(offset % blockSize, (offset % blockSize) + length),
};

const repo = 'atelier/bench-GGUF';
const path = 'bench-Q8_0.gguf';
const hub = await startHub({ repositories: [{ repo, files: { [path]: content } }], ...(rate > 0 && { rate }), ...(latency > 0 && { latencyMs: latency }) });
const { commit, files } = hub.repository(repo).snapshots[0]!;
process.stdout.write(
  `${JSON.stringify({ address: { endpoint: hub.endpoint, redirectHosts: hub.redirectHosts }, repo, path, commit, size, sha256: files.get(path)?.lfs?.oid })}\n`,
);
process.stdin.resume().once('end', () => process.exit(0));
