/** A load that does not come to an end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { EngineProcess } from '../platform.ts';
import { attempt } from './attempt.ts';
import { forkEngine } from './fork.ts';
import { plan, quant } from './testModel.ts';

test('a process that says nothing any more is ended, and that is told with its last lines', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-hang-'));
  const hanging = path.join(folder, 'hanging.mjs');
  writeFileSync(hanging, "console.error('ggml_vulkan: waiting for the device'); process.on('message', () => {}); setInterval(() => {}, 1000);");
  let process: EngineProcess | undefined;
  const start = (): EngineProcess => {
    process = forkEngine({ entry: hanging });
    return process;
  };
  const result = await attempt(start, { model: quant.q4, plan: plan({ vision: false }) }, () => {}, new AbortController().signal, 1_500);
  expect(result).toMatchObject({ fault: { code: 'engine.stalled', data: { minutes: 0.025 } }, lines: ['ggml_vulkan: waiting for the device'], crashed: false });
  // It is gone.
  await process!.exited;
  rmSync(folder, { recursive: true });
});
