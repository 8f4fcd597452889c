/** One job, and what it says of itself. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import { partBytes } from './journal.ts';
import { runJob } from './run.ts';
import { targetOf } from './target.ts';
import type { Source } from './transfer.ts';

let models: string;
beforeEach(async () => {
  models = await mkdtemp(join(tmpdir(), 'atelier-run-'));
});
afterEach(() => rm(models, { recursive: true }));

test('bytes that come in the moment in which it is stopped are kept, and counted', async () => {
  const [size, repo, commit, path] = [10_000, 'a/b', 'c'.repeat(40), 'x.gguf'];
  const job: DownloadJob = {
    ...{ id: 'x', endpoint: 'https://hub.example', repo, commit, quantization: path, label: 'Q4', files: [{ path, size, received: 0 }] },
    ...{ state: 'queued', size, received: 0, verified: 0, rate: 0, secondsLeft: null, reconnecting: 0, createdAt: new Date().toISOString() },
  };
  const abort = new AbortController();
  const source: Source = {
    resolve: async () => ({ url: 'https://cdn.example/file', size, commit }),
    get: async () => ({
      status: 206,
      headers: new Headers({ 'content-range': `bytes 0-${size - 1}/${size}` }),
      body: new ReadableStream(
        {
          async pull(controller) {
            await new Promise(setImmediate);
            controller.enqueue(new Uint8Array(400));
            if (job.received > 0) abort.abort(new Error('paused'));
          },
        },
        { highWaterMark: 0 },
      ),
    }),
  };
  await expect(runJob(job, { source, models, signal: abort.signal, spareBytes: 0, onChange() {} })).rejects.toThrow('paused');
  expect(job.received).toBe(800);
  expect(await partBytes(targetOf(models, repo, path), { repo, commit, path, size, sha256: undefined })).toBe(800);
});
