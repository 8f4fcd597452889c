/** The cap on a picture's tokens reaches llama-server. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { LoadPlan } from '../../shared/contract/control.ts';
import { createLlamaServer } from './llamaServer.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-server-'));
const said = path.join(folder, 'arguments');
afterAll(() => rmSync(folder, { recursive: true }));

const windows = process.platform === 'win32';
if (windows) console.warn('SKIPPED: arguments of llama-server: the stand-in is a shell script, and Windows has no shell for it');
test.skipIf(windows).each([
  [{ imageTokens: 256 }, '256'],
  [{}, '1024'],
])('%j', async (cap, tokens) => {
  const server = path.join(folder, 'llama-server');
  writeFileSync(server, `#!/bin/sh\nprintf '%s\\n' "$@" > ${said}\nexit 1\n`);
  chmodSync(server, 0o755);
  const plan: LoadPlan = { contextSize: 4096, kvType: 'f16', flashAttention: true, gpuLayers: 0, vision: true, batchSize: 512, ...cap };
  const backend = createLlamaServer();
  const request = { model: '/model.gguf', projector: '/mmproj.gguf', serverFolder: folder, plan };
  await expect(backend.load(request, () => {}, new AbortController().signal)).rejects.toThrow();
  await backend.dispose();
  const lines = readFileSync(said, 'utf8').split('\n');
  expect(lines[lines.indexOf('--image-max-tokens') + 1]).toBe(tokens);
});
