/** llama.cpp really answers with the model of zeros, and leaves nothing behind. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { measureBandwidth } from './bandwidth.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-bandwidth-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test('a rate for weights of four, six and eight bits, and the cost of a layer', { timeout: 60_000 }, async () => {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.disabled });
  const { rates, layerMs } = await measureBandwidth(llama, { onGpu: false, threads: 1 });
  await llama.dispose();
  expect(rates.map(({ bits }) => bits)).toEqual([4.5, 6.5625, 8.5]);
  for (const { slowest, fastest } of rates) {
    expect(slowest).toBeGreaterThan(0);
    expect(fastest).toBeGreaterThanOrEqual(slowest);
  }
  expect(layerMs.least).toBeGreaterThan(0);
  expect(layerMs.most).toBeGreaterThanOrEqual(layerMs.least);
  expect(readdirSync(folder)).toEqual([]);
});
