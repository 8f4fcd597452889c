/** Our download of the bench's file into a folder, as the app does it: `node ours.js <what as JSON> <models folder> [connections]`. Prints its peak memory. */
import { runJob } from '../../main/downloads/run.ts';
import { createHub } from '../../main/hub/client.ts';
import type { BenchFile } from '../download.ts';

const [what = '', models = '', connections] = process.argv.slice(2);
const { address, repo, path, commit, size, sha256 }: BenchFile = JSON.parse(what);
const job = {
  id: 'bench',
  repo,
  commit,
  label: 'Q8_0',
  quantization: path,
  files: [{ path, size, sha256, received: 0 }],
  state: 'queued' as const,
  size,
  received: 0,
  verified: 0,
  rate: 0,
  secondsLeft: null,
  reconnecting: 0,
  createdAt: new Date().toISOString(),
};
await runJob(job, {
  source: createHub({ ...address, token: undefined }),
  models,
  signal: new AbortController().signal,
  spareBytes: 0,
  onChange() {},
  ...(connections !== undefined && { connections: Number(connections) }),
});
process.stdout.write(`${JSON.stringify({ maxRss: process.resourceUsage().maxRSS * 1024 })}\n`);
process.exit(0);
