/** What several answers at the same time take: llama-server's own log against what we say. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { getLlama, type Llama, LlamaLogLevel } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LoadPlan } from '../../shared/contract/control.ts';
import { memoryByFormula } from '../../shared/memoryFormula.ts';
import { createLlamaServer } from '../engine/llamaServer.ts';
import { builtServer } from '../engine/serverBuild.ts';
import { defaultFolders } from '../folders.ts';
import { askMemory } from './ask.ts';
import { memoryFacts } from './facts.ts';
import { fixture, header, headerPath } from './testing/allocations.ts';
import { missing, type SoftwareGpu, startSoftwareGpu } from './testing/softwareGpu.ts';
import { writeWholeModel } from './testing/wholeModel.ts';

const plan: LoadPlan = { contextSize: 4096, kvType: 'f16', flashAttention: true, gpuLayers: 0, vision: false, batchSize: 512 };

/**
 * MiB that llama-server of v0.5.0 printed with `-np slots --kv-unified` for qwen3.5-0.8b-Q4_K_M, weights of zeros: state, and compute with
 * the output buffer; in RAM alone, and with all layers on the software GPU, where the rest of compute is on the host.
 */
const alone = [
  { slots: 2, state: 38.53, compute: 48.19 },
  { slots: 3, state: 57.8, compute: 49.37 },
  { slots: 4, state: 77.06, compute: 50.37 },
  { slots: 8, state: 154.12, compute: 66.72 },
  { slots: 4, contextSize: 32768, state: 77.06, compute: 78.37 },
  { slots: 4, contextSize: 32768, kvType: 'q8_0', state: 77.06, compute: 78.64 },
  { slots: 4, contextSize: 8192, flashAttention: false, state: 77.06, compute: 167.8 },
  { slots: 2, batchSize: 128, state: 38.53, compute: 16.68 },
  { slots: 8, batchSize: 2048, state: 154.12, compute: 192.78 },
] as const;
const onGpu = [
  { slots: 2, state: 38.53, compute: 44.3, host: 9.91 },
  { slots: 4, state: 77.06, compute: 46.3, host: 11.81 },
  { slots: 8, contextSize: 32768, state: 154.12, compute: 86.58, host: 43.6 },
  { slots: 4, contextSize: 32768, kvType: 'q8_0', state: 77.06, compute: 74.56, host: 40.07 },
  { slots: 4, contextSize: 8192, flashAttention: false, state: 77.06, compute: 164.01, host: 25.8 },
] as const;
const tiny = fixture('tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q4_K_M.gguf');
const model = 'qwen3.5-0.8b-Q4_K_M';
/** The first four layers of gpt-oss-20b-MXFP4, every second with a window of 128 tokens that the answers share: its cache grows. */
const windowed = [
  { slots: 1, cache: 19, compute: 91.52, host: 16.79 },
  { slots: 3, cache: 20, compute: 91.95, host: 18.6 },
  { slots: 4, cache: 20, compute: 91.77, host: 19.34 },
  { slots: 8, cache: 22, compute: 92.27, host: 22.91 },
] as const;
const near = (bytes: number, mebibytes: number, name: string): void => expect(Math.abs(bytes / 2 ** 20 - mebibytes), name).toBeLessThan(0.02);

let llama: Llama;
beforeAll(async () => {
  llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.disabled });
});
afterAll(() => llama.dispose());

test('in RAM, as llama-server printed it', async () => {
  for (const { state, compute, ...row } of alone) {
    const { ram, basis } = await askMemory(llama, { header: headerPath(model), served: true, plan: { ...plan, ...row } });
    expect(basis).toBe('exact');
    near(ram.state, state, JSON.stringify(row));
    near(ram.compute, compute, JSON.stringify(row));
  }
});

const server = builtServer({ cacheFolder: defaultFolders().cache });
test.skipIf(!server)('loaded for real, the tiny model takes what was said, whatever the processor does with its weights', async () => {
  for (const slots of [1, 2, 4]) {
    const asked = { ...plan, slots };
    const { ram } = await askMemory(llama, { header: tiny, served: true, plan: asked });
    const backend = createLlamaServer();
    const { memory } = await backend.load({ model: tiny, plan: asked, serverFolder: server! }, () => {}, new AbortController().signal);
    await backend.dispose();
    for (const part of ['weights', 'kvCache', 'state', 'compute'] as const) near(ram[part], memory!.ram[part] / 2 ** 20, `${slots} slots, ${part}`);
  }
});
if (!server) console.warn('SKIPPED: slots loaded for real: llama-server is not built here');

test('node-llama-cpp answers one at a time, whatever is asked', async () => {
  const asked = async (slots: number) => (await askMemory(llama, { header: headerPath(model), plan: { ...plan, slots } })).ram;
  expect(await asked(4)).toEqual(await asked(1));
});

test('the closed form counts them too', async () => {
  const facts = memoryFacts(header(model), model);
  for (const slots of [1, 4, 8]) {
    const asked = { ...plan, slots, served: true };
    const { ram } = await askMemory(llama, { header: headerPath(model), served: true, plan: asked });
    const formula = memoryByFormula(facts, { ...asked, gpu: false }).ram;
    expect(formula).toMatchObject({ kvCache: ram.kvCache, state: ram.state });
    // It takes the logits of a whole batch, which llama-server does not.
    expect(formula.compute).toBeGreaterThan(ram.compute);
  }
});

const reason = missing();
if (reason) console.warn(`SKIPPED: several answers on the software GPU: ${reason}`);
describe.skipIf(reason)('on a software GPU', () => {
  let card: SoftwareGpu;
  let folder: string;
  beforeAll(() => {
    card = startSoftwareGpu(24576);
    folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-slots-'));
  });
  afterAll(async () => {
    await card.end();
    rmSync(folder, { recursive: true });
  });

  test('as llama-server printed it', async () => {
    for (const { state, compute, host, ...row } of onGpu) {
      const { gpu, ram } = (await card.ask({ header: headerPath(model), served: true, plan: { ...plan, ...row, gpuLayers: 1000 } })).answer;
      near(gpu.state, state, JSON.stringify(row));
      near(gpu.compute, compute, JSON.stringify(row));
      near(ram.compute, host, JSON.stringify(row));
    }
  });

  test('what layers with a window share grows', async () => {
    const file = path.join(folder, 'windowed.gguf');
    writeWholeModel('gpt-oss-20b-MXFP4', file, 4);
    for (const { slots, cache, compute, host } of windowed) {
      const { gpu, ram, basis } = (await card.ask({ header: file, served: true, plan: { ...plan, slots, gpuLayers: 1000 } })).answer;
      expect(basis).toBe('exact');
      expect(gpu.kvCache).toBe(cache * 2 ** 20);
      near(gpu.compute, compute, `${slots} slots`);
      near(ram.compute, host, `${slots} slots`);
    }
  });
});
