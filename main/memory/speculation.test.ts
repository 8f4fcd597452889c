/** What guessing tokens ahead takes: llama-server's own log against what we say. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { getLlama, type Llama, LlamaLogLevel } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EstimateAnswer, LoadPlan } from '../../shared/contract/control.ts';
import { splitTotal } from '../../shared/schemas/memory.ts';
import { askMemory } from './ask.ts';
import { headerPath } from './testing/allocations.ts';
import { writeMtpModel } from './testing/mtpModel.ts';
import { missing, type SoftwareGpu, startSoftwareGpu } from './testing/softwareGpu.ts';
import { writeWholeModel } from './testing/wholeModel.ts';

const plan: LoadPlan = { contextSize: 4096, kvType: 'f16', flashAttention: true, gpuLayers: 0, vision: false, batchSize: 512 };
const mtp = { speculation: { type: 'mtp' } } as const;
const [big, small] = ['qwen3.5-4b-Q4_K_M', 'qwen3.5-0.8b-Q4_K_M'];

/**
 * MiB that llama-server of v0.5.0 printed for qwen3.5-0.8b-Q4_K_M with a layer for multi-token prediction (testing/mtpModel.ts), weights of
 * zeros, `-np slots --kv-unified --spec-type draft-mtp`, cache of the layer as that of the model: cache of both contexts, state, and compute of both
 * with their output buffers. In RAM, where the processor decides what weights take, then on the software GPU with what of compute is on the host.
 */
const alone = [
  { cache: 56, state: 77.06, compute: 46.16 + 27.02 + 1.9 },
  { slots: 4, cache: 56, state: 308.25, compute: 66.58 + 27.02 + 7.58 },
  { contextSize: 32768, cache: 448, state: 77.06, compute: 74.16 + 52.02 + 1.9 },
  { contextSize: 32768, kvType: 'q8_0', cache: 238, state: 77.06, compute: 74.42 + 52.28 + 1.9 },
  { contextSize: 8192, flashAttention: false, slots: 2, cache: 112, state: 154.12, compute: 164.01 + 162.01 + 3.78 },
  { batchSize: 128, cache: 56, state: 77.06, compute: 16.65 + 6.75 + 1.9 },
] as const;
const onGpu = [
  { weights: 513.22, cache: 56, state: 77.06, compute: 52.16 + 29.02, host: 2 * 8.97 },
  { slots: 4, weights: 513.22, cache: 56, state: 308.25, compute: 66.3 + 29.02, host: 2 * 11.81 },
  { contextSize: 32768, kvType: 'q8_0', weights: 513.22, cache: 238, state: 77.06, compute: 80.42 + 54.28, host: 2 * 37.23 },
  { contextSize: 8192, flashAttention: false, slots: 2, weights: 513.22, cache: 112, state: 154.12, compute: 2 * 164.01, host: 2 * 23.9 },
  { batchSize: 128, weights: 513.22, cache: 56, state: 77.06, compute: 16.57 + 7.25, host: 2 * 2.95 },
] as const;

const mib = (bytes: number): number => bytes / 2 ** 20;
let llama: Llama;
let folder: string;
/** With its own layer for guesses. */
let own: string;
beforeAll(async () => {
  llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.disabled });
  folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-speculation-'));
  own = path.join(folder, 'own.gguf');
  const whole = path.join(folder, 'whole.gguf');
  writeWholeModel(small, whole);
  writeMtpModel(whole, own);
});
afterAll(async () => {
  await llama.dispose();
  rmSync(folder, { recursive: true });
});

/** Cache and state to the last printed digit, compute never less than was taken; how much more all is. */
function compare(side: EstimateAnswer['gpu'], row: { cache: number; state: number; compute: number }, name: string): number {
  expect(mib(side.kvCache), name).toBeCloseTo(row.cache, 2);
  expect(mib(side.state), name).toBeCloseTo(row.state, 1);
  expect(mib(side.compute), name).toBeGreaterThanOrEqual(row.compute);
  return mib(splitTotal(side)) / (mib(side.weights) + row.cache + row.state + row.compute) - 1;
}

const percent = (part: number): string => (part * 100).toFixed(1);

test('by its own layers, in RAM: never less than llama-server took', async () => {
  const over: number[] = [];
  for (const row of alone) {
    const { cache, state, compute, ...asked } = row;
    const question = { header: own, served: true, plan: { ...plan, ...asked } };
    const { ram, basis } = await askMemory(llama, { ...question, plan: { ...question.plan, ...mtp } });
    expect(basis).toBe('about');
    over.push(compare(ram, { cache, state, compute }, JSON.stringify(asked)));
    // Its layer took 19.11 MiB in the layout for AMX, the largest there is.
    const layer = mib(ram.weights - (await askMemory(llama, question)).ram.weights);
    expect(layer).toBeGreaterThanOrEqual(19.11);
    expect(layer).toBeLessThan(1.15 * 19.11);
  }
  console.log(`own layers for guesses, in RAM: ${over.map(percent).join(', ')} % above what llama-server took`);
  expect(Math.max(...over)).toBeLessThan(0.06);
});

test('by a smaller model: both, and the logits of guesses', async () => {
  const asked = { ...plan, slots: 2 };
  const [both, one, other] = [
    await askMemory(llama, {
      header: headerPath(big),
      draft: headerPath(small),
      served: true,
      plan: { ...asked, speculation: { type: 'draft', model: 'small' } },
    }),
    await askMemory(llama, { header: headerPath(big), served: true, plan: asked }),
    await askMemory(llama, { header: headerPath(small), served: true, plan: asked }),
  ];
  expect(both.basis).toBe('about');
  const words = 248_320;
  expect(splitTotal(both.ram)).toBe(splitTotal(one.ram) + splitTotal(other.ram) + 2 * 3 * 4 * words);
  expect(both.layers).toEqual(one.layers);
});

test('node-llama-cpp guesses nothing, and takes nothing for it', async () => {
  expect(await askMemory(llama, { header: own, plan: { ...plan, ...mtp } })).toEqual(await askMemory(llama, { header: own, plan }));
});

const reason = missing();
if (reason) console.warn(`SKIPPED: guessing ahead on the software GPU: ${reason}`);
describe.skipIf(reason)('on a software GPU', () => {
  let card: SoftwareGpu;
  beforeAll(() => {
    card = startSoftwareGpu(24576);
  });
  afterAll(() => card.end());

  test('by its own layers: never less than llama-server took', async () => {
    const over: number[] = [];
    for (const { host, weights, cache, state, compute, ...asked } of onGpu) {
      const name = JSON.stringify(asked);
      const { gpu, ram } = (await card.ask({ header: own, served: true, plan: { ...plan, ...mtp, ...asked, gpuLayers: 1000 } })).answer;
      over.push(compare(gpu, { cache, state, compute }, name));
      expect(mib(gpu.weights), name).toBeCloseTo(weights, 1);
      expect(mib(ram.compute), name).toBeGreaterThanOrEqual(host);
    }
    console.log(`own layers for guesses, on the GPU: ${over.map(percent).join(', ')} % above what llama-server took`);
    expect(Math.max(...over)).toBeLessThan(0.06);
  });

  test('the model that guesses lies on the GPU as soon as any layer does', async () => {
    const asked = { header: headerPath(big), draft: headerPath(small), served: true };
    const speculation = { type: 'draft', model: 'small' } as const;
    const weights = async (gpuLayers: number, draft: boolean): Promise<number> =>
      (await card.ask({ ...asked, plan: { ...plan, gpuLayers, ...(draft && { speculation }) } })).answer.gpu.weights;
    // As llama-server printed it for all of the 0.8B.
    expect(mib((await weights(12, true)) - (await weights(12, false)))).toBeCloseTo(494.32, 1);
    expect(await weights(0, true)).toBe(0);
  });
});
