/** What we say before a load against what llama.cpp then takes: on the CPU by really loading, on a software GPU against measured rows. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { GgufInsights, getLlama, type Llama, LlamaLogLevel, readGgufFileInfo } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EstimateRequest, LoadPlan } from '../../shared/contract/control.ts';
import { memoryByFormula } from '../../shared/memoryFormula.ts';
import { splitTotal } from '../../shared/schemas/memory.ts';
import { askMemory } from './ask.ts';
import { memoryFacts } from './facts.ts';
import { type Allocation, allocations, fixture, header, headerPath } from './testing/allocations.ts';
import { missing, type SoftwareGpu, startSoftwareGpu } from './testing/softwareGpu.ts';
import { writeWholeModel } from './testing/wholeModel.ts';

const tiny = fixture('tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q4_K_M.gguf');
const projector = fixture('tiny-qwen3.5-vl/mmproj-tiny-qwen3.5-vl-F16.gguf');
const plan: LoadPlan = { contextSize: 4096, kvType: 'f16', flashAttention: true, gpuLayers: 0, vision: true, batchSize: 512 };
const median = (asked: { ms: number }[]): string => (asked.map(({ ms }) => ms).toSorted((a, b) => a - b)[Math.floor(asked.length / 2)] ?? 0).toFixed(0);

let folder: string;
let llama: Llama;
const log: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-ask-'));
  llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.info,
    logger: (_, message) => log.push(message),
  });
});
afterAll(async () => {
  await llama.dispose();
  rmSync(folder, { recursive: true });
});

/** Loads the model for real and gives the bytes of the buffers that it holds, by llama.cpp's own count. */
async function load(modelPath: string, { contextSize, kvType, flashAttention, batchSize }: LoadPlan) {
  log.length = 0;
  const model = await llama.loadModel({ modelPath, gpuLayers: 0, useMmap: false });
  const type = kvType === 'f16' ? 'F16' : kvType === 'q8_0' ? 'Q8_0' : 'Q4_0';
  const context = await model.createContext({
    ...{ contextSize, batchSize, flashAttention, sequences: 1, threads: 2 },
    experimentalKvCacheKeyType: type,
    experimentalKvCacheValueType: type,
    ignoreMemorySafetyChecks: true,
  });
  // The library has no public way to ask for the sizes of its buffers.
  const counted = (of: unknown) => (of as { getMemoryBreakdown(): { cpuRam: number; gpuVram: number } }).getMemoryBreakdown();
  const weights = counted((model as unknown as { _model: unknown })._model);
  const held = counted((context as unknown as { _ctx: unknown })._ctx);
  // The log comes in behind the load.
  await expect.poll(() => log.join('\n')).toMatch(/sched_reserve: .* compute buffer size/);
  const logged = [...log];
  await context.dispose();
  await model.dispose();
  return { weights: weights.cpuRam, context: held.cpuRam, gpu: weights.gpuVram + held.gpuVram, logged };
}

/** MiB that llama.cpp's log gives to buffers of a kind. */
const loggedMib = (lines: string[], kind: string): number =>
  lines.reduce((sum, line) => sum + Number(new RegExp(`${kind} buffer size =\\s*([\\d.]+) MiB`).exec(line)?.[1] ?? 0), 0);

describe('on the CPU, the tiny model', () => {
  const variants: Partial<LoadPlan>[] = [
    {},
    { contextSize: 300 },
    { contextSize: 32768 },
    { contextSize: 8192, kvType: 'q8_0' },
    { contextSize: 8192, kvType: 'q4_0' },
    { contextSize: 8192, flashAttention: false },
    { batchSize: 128 },
  ];
  test.each(variants)('takes what we said, to the byte: %j', async (variant) => {
    const asked = { ...plan, ...variant };
    const { ram, gpu, basis, layers } = await askMemory(llama, { header: tiny, plan: asked });
    const real = await load(tiny, asked);
    expect(basis).toBe('exact');
    expect(layers).toEqual({ total: 5, onGpu: 0 });
    expect(ram.weights).toBe(real.weights);
    expect(ram.kvCache + ram.state + ram.compute).toBe(real.context);
    expect(splitTotal(gpu)).toBe(real.gpu);
    expect(ram.kvCache / 2 ** 20).toBeCloseTo(loggedMib(real.logged, 'KV'), 2);
    expect(ram.state / 2 ** 20).toBeCloseTo(loggedMib(real.logged, 'RS'), 2);
  });

  test('takes the same as a header without weights says', async () => {
    const file = readFileSync(tiny);
    const header = path.join(folder, 'header.gguf');
    writeFileSync(header, file.subarray(0, Number((await readGgufFileInfo(tiny, { logWarnings: false })).infoEndOffset)));
    expect(await askMemory(llama, { header, plan })).toEqual(await askMemory(llama, { header: tiny, plan }));
  });

  test('in three files takes what it does in one', async () => {
    const parts = fixture('tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q8_0-00001-of-00003.gguf');
    const whole = fixture('tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q8_0.gguf');
    expect((await askMemory(llama, { header: parts, plan })).ram).toEqual((await askMemory(llama, { header: whole, plan })).ram);
  });

  test('has a projector of the size of its tensors, only when asked for', async () => {
    const tensors = (await readGgufFileInfo(projector)).fullTensorInfo ?? [];
    const bytes = tensors.reduce((sum, { dimensions, ggmlType }) => sum + dimensions.reduce<number>((a, b) => a * Number(b), ggmlType === 0 ? 4 : 2), 0);
    const withVision = await askMemory(llama, { header: tiny, projector, plan });
    const without = await askMemory(llama, { header: tiny, projector, plan: { ...plan, vision: false } });
    // What llama-server's own log says for it: "reserve_compute_meta: CPU compute buffer size = 41.46 MiB".
    expect((withVision.ram.projector - bytes) / 2 ** 20).toBeCloseTo(41.46, 2);
    expect(without.ram.projector).toBe(0);
    // Less than llama-server reserves when it loads plays no part; more is room for a picture that comes.
    const at = async (imageTokens: number): Promise<number> =>
      (await askMemory(llama, { header: tiny, projector, plan: { ...plan, imageTokens } })).ram.projector - bytes;
    expect(await at(256)).toBe(withVision.ram.projector - bytes);
    expect((await at(4096)) / (await at(256))).toBeCloseTo(4096 / 46 ** 2, 6);
    expect(withVision.ram).toMatchObject({ weights: without.ram.weights, kvCache: without.ram.kvCache, state: without.ram.state });
  });
});

/**
 * Compute buffers in MiB (with the 0.95 of the output buffer on the host) that llama-server of v0.5.0 printed for
 * qwen3.5-0.8b-Q4_K_M, batch 512, one slot: alone in RAM, and with all layers on the software GPU.
 */
const served = [
  { contextSize: 2048, kvType: 'f16', flashAttention: true, alone: 44.16 + 0.95, gpu: 42.16, host: 6.02 + 0.95 },
  { contextSize: 8192, kvType: 'f16', flashAttention: true, alone: 50.16 + 0.95, gpu: 48.16, host: 12.02 + 0.95 },
  { contextSize: 32768, kvType: 'f16', flashAttention: true, alone: 74.16 + 0.95, gpu: 72.16, host: 36.02 + 0.95 },
  { contextSize: 8192, kvType: 'q8_0', flashAttention: true, alone: 50.42 + 0.95, gpu: 48.42, host: 12.28 + 0.95 },
  { contextSize: 8192, kvType: 'f16', flashAttention: false, alone: 164.01 + 0.95, gpu: 164.01, host: 22.01 + 0.95 },
] as const;
/** The same where some layers stay in RAM. */
const servedPartly = [0, 10].map((gpuLayers) => ({ ...served[1], gpuLayers, gpu: 54.94, host: 22.09 + 0.95 }));
const servedRequest = ({ contextSize, kvType, flashAttention }: Pick<LoadPlan, 'contextSize' | 'kvType' | 'flashAttention'>, gpuLayers: number) => ({
  header: headerPath('qwen3.5-0.8b-Q4_K_M'),
  projector,
  plan: { ...plan, contextSize, kvType, flashAttention, gpuLayers },
});

/**
 * MiB on the GPU that llama-server of v0.5.0 printed on the software GPU for the first four layers of a mixture of experts, weights of
 * zeros, batch 512, one slot, `-ngl 5 --n-cpu-moe expertsInRam`: weights, KV cache with state, compute; and weights in RAM.
 */
const [gptOss, qwen] = ['gpt-oss-20b-MXFP4', 'qwen3.5-35b-a3b-Q4_K_M'];
const spread = [
  { model: gptOss, expertsInRam: 1, contextSize: 4096, kvType: 'f16', flashAttention: true, weights: 1909.45, cache: 19, compute: 199.48, inRam: 991.3 },
  { model: gptOss, expertsInRam: 2, contextSize: 4096, kvType: 'f16', flashAttention: true, weights: 1504.98, cache: 19, compute: 205.24, inRam: 1395.77 },
  { model: gptOss, expertsInRam: 4, contextSize: 4096, kvType: 'f16', flashAttention: true, weights: 696.03, cache: 19, compute: 205.24, inRam: 2204.71 },
  { model: gptOss, expertsInRam: 2, contextSize: 32768, kvType: 'f16', flashAttention: true, weights: 1504.98, cache: 131, compute: 231.48, inRam: 1395.77 },
  { model: gptOss, expertsInRam: 4, contextSize: 32768, kvType: 'q8_0', flashAttention: true, weights: 696.03, cache: 69.59, compute: 231.51, inRam: 2204.71 },
  { model: gptOss, expertsInRam: 2, contextSize: 8192, kvType: 'f16', flashAttention: false, weights: 1504.98, cache: 35, compute: 1218.37, inRam: 1395.77 },
  { model: qwen, expertsInRam: 1, contextSize: 4096, kvType: 'f16', flashAttention: true, weights: 1989.58, cache: 14.28, compute: 263.5, inRam: 770.81 },
  { model: qwen, expertsInRam: 2, contextSize: 4096, kvType: 'f16', flashAttention: true, weights: 1491.58, cache: 14.28, compute: 264, inRam: 1268.81 },
  { model: qwen, expertsInRam: 4, contextSize: 32768, kvType: 'f16', flashAttention: true, weights: 495.58, cache: 70.28, compute: 292, inRam: 2264.81 },
  { model: qwen, expertsInRam: 3, contextSize: 32768, kvType: 'q8_0', flashAttention: true, weights: 993.58, cache: 40.28, compute: 292, inRam: 1766.81 },
  { model: qwen, expertsInRam: 2, contextSize: 8192, kvType: 'f16', flashAttention: false, weights: 1491.58, cache: 22.28, compute: 504, inRam: 1268.81 },
] as const;

test('with a projector, llama-server computes in what we said', async () => {
  for (const row of served) {
    const { ram, basis } = await askMemory(llama, servedRequest(row, 0));
    expect(basis).toBe('exact');
    expect(Math.abs(ram.compute / 2 ** 20 - row.alone), JSON.stringify(row)).toBeLessThan(0.02);
  }
});

test('a text model that llama-server runs takes what it takes with a projector, less the projector', async () => {
  const { projector: _, ...text } = servedRequest(served[1], 0);
  const [seeing, reading, own] = [
    await askMemory(llama, servedRequest(served[1], 0)),
    await askMemory(llama, { ...text, served: true }),
    await askMemory(llama, text),
  ];
  expect(reading).toMatchObject({ engine: 'llama-server', ram: { ...seeing.ram, projector: 0 } });
  expect(own.engine).toBe('node-llama-cpp');
  expect(own.ram.compute).toBeGreaterThan(reading.ram.compute);
});

describe('a header that llama.cpp cannot be asked about', () => {
  test("is answered by our closed form, marked about, and never by the library's heuristic", async () => {
    const header = path.join(folder, 'broken.gguf');
    const bytes = Buffer.from(readFileSync(headerPath('qwen3.5-9b-Q4_K_M')));
    const at = bytes.indexOf('blk.3.attn_q.weight');
    bytes.write('blk.3.attn_x.weight', at);
    writeFileSync(header, bytes);
    const settings = { ...plan, contextSize: 32768, kvType: 'q8_0' as const };

    const answer = await askMemory(llama, { header, plan: settings });
    expect(answer.basis).toBe('about');
    const true9b = await askMemory(llama, { header: headerPath('qwen3.5-9b-Q4_K_M'), plan: settings });
    expect(true9b.basis).toBe('exact');
    expect(Math.abs(splitTotal(answer.ram) / splitTotal(true9b.ram) - 1)).toBeLessThan(0.03);

    const library = await GgufInsights.from(await readGgufFileInfo(header, { logWarnings: false }), llama);
    const heuristic = await library.estimateContextResourceRequirementsV2({
      ...{ contextSize: 32768, modelGpuLayers: 0, batchSize: 512, sequences: 1, flashAttention: true },
      kvCacheKeyType: 8,
      kvCacheValueType: 8,
    });
    expect(heuristic.cpuRam).toBeGreaterThan(2 * (answer.ram.kvCache + answer.ram.state + answer.ram.compute));
  });

  test('is refused by name where the architecture is unknown', async () => {
    const header = path.join(folder, 'unknown.gguf');
    const bytes = Buffer.from(readFileSync(headerPath('llama-3.1-8b-Q4_K_M')));
    for (let at = bytes.indexOf('llama'); at >= 0; at = bytes.indexOf('llama', at + 1)) bytes.write('lhama', at);
    writeFileSync(header, bytes);
    await expect(askMemory(llama, { header, plan })).rejects.toMatchObject({ code: 'gguf.architecture', data: { architecture: 'lhama' } });
  });

  test('is refused where the file ends within its header', async () => {
    const header = path.join(folder, 'cut.gguf');
    writeFileSync(header, readFileSync(headerPath('llama-3.1-8b-Q4_K_M')).subarray(0, 9000));
    await expect(askMemory(llama, { header, plan })).rejects.toMatchObject({ code: 'gguf.truncated' });
  });
});

test('a question that was dropped while it waited is not looked at', async () => {
  const abort = new AbortController();
  const first = askMemory(llama, { header: tiny, plan: { ...plan, contextSize: 7936 } });
  const dropped = askMemory(llama, { header: path.join(folder, 'not there.gguf'), plan }, abort.signal);
  abort.abort();
  await expect(dropped).rejects.toBe(abort.signal.reason);
  expect((await first).basis).toBe('exact');
});

const siblings = ['Q2_K', 'Q3_K_M', 'IQ4_XS', 'Q4_K_M', 'Q5_K_M', 'Q6_K', 'Q8_0'].map((label) => headerPath(`qwen3.5-9b-${label}`));
/** Every position of the measured table, and one that is off the grid. */
const positions: Pick<LoadPlan, 'contextSize' | 'kvType' | 'flashAttention'>[] = [
  ...new Map(
    allocations.map(({ contextSize, kvType, flashAttention }) => [`${contextSize} ${kvType} ${flashAttention}`, { contextSize, kvType, flashAttention }]),
  ).values(),
  { contextSize: 5000, kvType: 'q8_0', flashAttention: true },
];

test('in RAM, seven quantizations asked together are told what each is told alone', { timeout: 240_000 }, async () => {
  for (const header of siblings) {
    const alone = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.disabled });
    for (const position of positions) {
      const request = { header, plan: { ...plan, ...position } };
      expect(await askMemory(llama, request), JSON.stringify(request)).toEqual(await askMemory(alone, request));
    }
    await alone.dispose();
  }
});

/**
 * What is published for Qwen3.5 in Q4 at small contexts, in GB. (There is 1.5 for the 2B too, of which we have no header.) Ours in
 * llama-server is within a fifth: loaded in RAM, where the embeddings that 4B and 0.8B use for their output lie twice. node-llama-cpp takes
 * half a gigabyte more, as it keeps the logits of a whole batch: nothing to a 9B, but a 0.8B takes more than is published.
 */
const published = [
  { model: 'qwen3.5-9b-Q4_K_M', gigabytes: 6, least: 5.5, most: 6.5 },
  { model: 'qwen3.5-4b-Q4_K_M', gigabytes: 3, least: 2.7, most: 3.6 },
  { model: 'qwen3.5-0.8b-Q4_K_M', gigabytes: 1, least: 0.6, most: 1 },
];
test.each(published)('$model at 4k takes about what is published, $gigabytes GB', async ({ model, gigabytes, least, most }) => {
  const inRam = async (asked: Partial<EstimateRequest>): Promise<number> => {
    const { ram } = await askMemory(llama, { header: headerPath(model), plan, ...asked });
    return (splitTotal(ram) - ram.projector) / 1e9;
  };
  const [served, text] = [await inRam({ projector }), await inRam({})];
  console.log(`${model} at 4k in RAM: ${served.toFixed(2)} GB in llama-server (projector apart), ${text.toFixed(2)} in node-llama-cpp; published ${gigabytes}`);
  expect(served).toBeGreaterThan(least);
  expect(served).toBeLessThan(most);
  expect(text - served).toBeGreaterThan(0.4);
  expect(text - served).toBeLessThan(0.5);
});

const reason = missing();
if (reason) console.warn(`SKIPPED: memory on the software GPU: ${reason}`);
describe.skipIf(reason)('on a software GPU', () => {
  let card: SoftwareGpu;
  beforeAll(() => {
    card = startSoftwareGpu(24576);
  });
  afterAll(() => card.end());

  test('of 24 GiB every measured row is met to the byte', { timeout: 120_000 }, async () => {
    expect(await card.hardware()).toMatchObject({ backend: 'vulkan', vram: { total: 24576 * 2 ** 20, free: null, unified: false } });
    const asked: ({ row: Allocation } & Awaited<ReturnType<SoftwareGpu['ask']>>)[] = [];
    for (const row of allocations) asked.push({ row, ...(await card.ask({ header: headerPath(row.model), plan: { ...plan, ...row, gpuLayers: 1000 } })) });

    const firsts = asked.filter(({ row }, index) => asked[index - 1]?.row.model !== row.model);
    const others = asked.filter((one) => !firsts.includes(one));
    const equal = asked.filter(({ row, answer }) => splitTotal(answer.gpu) === row.vramBytes);
    console.log(
      `software GPU: ${equal.length}/${asked.length} rows equal to the byte; first estimate of a header ${median(firsts)} ms, each further ${median(others)} ms (medians)`,
    );
    expect(asked.length).toBeGreaterThan(40);
    for (const { row, answer } of asked) {
      const name = `${row.model} ${row.contextSize} ${row.kvType} flash attention ${row.flashAttention}`;
      expect(answer.basis, name).toBe('exact');
      expect(splitTotal(answer.gpu), name).toBe(row.vramBytes);
      expect(splitTotal(answer.ram) / 2 ** 20, name).toBeCloseTo(row.hostMib, 0);
      expect(answer.gpu.kvCache / 2 ** 20, name).toBeCloseTo(row.kvMib, 2);
      expect(answer.layers.onGpu).toBe(answer.layers.total);
    }
  });

  test('seven quantizations asked together are told what each is told alone', { timeout: 240_000 }, async () => {
    for (const header of siblings) {
      const alone = startSoftwareGpu(24576);
      try {
        const requests = positions.map((position) => ({ header, plan: { ...plan, ...position, gpuLayers: 1000 } }));
        for (const request of [...requests, { header, plan: { ...plan, gpuLayers: 12 } }])
          expect((await card.ask(request)).answer, JSON.stringify(request)).toEqual((await alone.ask(request)).answer);
      } finally {
        await alone.end();
      }
    }
  });

  test('with a projector, llama-server computes in what we said', async () => {
    for (const row of [...served.map((row) => ({ ...row, gpuLayers: 1000 })), ...servedPartly]) {
      const { gpu, ram, basis } = (await card.ask(servedRequest(row, row.gpuLayers))).answer;
      expect(basis).toBe('exact');
      expect(Math.abs(gpu.compute / 2 ** 20 - row.gpu), JSON.stringify(row)).toBeLessThan(0.02);
      expect(Math.abs(ram.compute / 2 ** 20 - row.host), JSON.stringify(row)).toBeLessThan(0.02);
      // "estimated worst-case memory usage of mmproj": 52.50 MiB for Vulkan0 and 24.93 for CPU; without the GPU 44.24.
      const [there, here] = row.gpuLayers > 0 ? [52.5, 24.93] : [0, 44.24];
      expect(Math.abs(gpu.projector / 2 ** 20 - there), JSON.stringify(row)).toBeLessThan(0.02);
      expect(Math.abs(ram.projector / 2 ** 20 - here), JSON.stringify(row)).toBeLessThan(0.02);
    }
  });

  test('experts in RAM: the weights to the byte, and never less in all than llama-server took, nor 4 % more', { timeout: 120_000 }, async () => {
    for (const model of [gptOss, qwen]) writeWholeModel(model, path.join(folder, `${model}.gguf`), 4);
    const over: number[] = [];
    for (const { model, weights, cache, compute, inRam, ...row } of spread) {
      const asked = { ...plan, ...row, gpuLayers: 5 };
      const { answer } = await card.ask({ header: path.join(folder, `${model}.gguf`), served: true, plan: asked });
      const { gpu, ram } = answer;
      const name = JSON.stringify({ model, ...row });
      expect(answer, name).toMatchObject({ basis: 'about', layers: { onGpu: 5, total: 5, expertsInRam: row.expertsInRam } });
      expect(gpu.weights / 2 ** 20, name).toBeCloseTo(weights, 1);
      expect((gpu.kvCache + gpu.state) / 2 ** 20, name).toBeCloseTo(cache, 1);
      expect(ram.weights / 2 ** 20, name).toBeCloseTo(inRam, 1);
      over.push(splitTotal(gpu) / 2 ** 20 / (weights + cache + compute) - 1);
    }
    const percent = (part: number): string => (part * 100).toFixed(1);
    console.log(`experts in RAM, models of four layers: ${over.map(percent).join(', ')} % above what llama-server took`);
    expect(Math.min(...over)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...over)).toBeLessThan(0.04);
  });

  test('the closed form stays within 3 % of llama.cpp without flash attention too', { timeout: 60_000 }, async () => {
    let worst = { error: 0, row: '' };
    for (const model of ['llama-3.1-8b-Q4_K_M', 'gpt-oss-20b-MXFP4', 'qwen3.5-0.8b-Q4_K_M', 'qwen3.5-9b-Q4_K_M', 'qwen3.5-35b-a3b-Q4_K_M'])
      for (const contextSize of [2048, 8192, 16_384, 32_768, 65_536, 131_072]) {
        const asked = { ...plan, contextSize, flashAttention: false, gpuLayers: 1000 };
        const { answer } = await card.ask({ header: headerPath(model), plan: asked });
        expect(answer.basis).toBe('exact');
        const formula = memoryByFormula(memoryFacts(header(model), model), { ...asked, gpu: true, vulkan: true });
        for (const side of ['gpu', 'ram'] as const) {
          const error = splitTotal(formula[side]) / splitTotal(answer[side]) - 1;
          if (Math.abs(error) > Math.abs(worst.error)) worst = { error, row: `${model} ${contextSize} ${side}` };
        }
      }
    console.log(`closed form without flash attention: worst ${(worst.error * 100).toFixed(2)} % (${worst.row})`);
    expect(Math.abs(worst.error)).toBeLessThan(0.03);
  });

  test('the closed form stays near llama.cpp for models that were never measured, wherever their layers are', { timeout: 60_000 }, async () => {
    let worst = { gpu: 0, ram: 0 };
    for (const model of ['qwen3.5-27b-Q4_K_M', 'qwen3.5-35b-a3b-Q4_K_M', 'qwen3.5-9b-IQ4_XS', 'gpt-oss-20b-MXFP4'])
      for (const gpuLayers of [1000, 12, 0])
        for (const contextSize of [8192, 131072]) {
          const asked = { ...plan, contextSize, gpuLayers };
          const { answer } = await card.ask({ header: headerPath(model), plan: asked });
          const formula = memoryByFormula(memoryFacts(header(model), model), { ...asked, gpu: true });
          const error = (side: 'gpu' | 'ram') => splitTotal(formula[side]) / splitTotal(answer[side]) - 1;
          worst = { gpu: Math.max(worst.gpu, Math.abs(error('gpu'))), ram: Math.max(worst.ram, Math.abs(error('ram'))) };
          expect(Math.abs(error('ram')), `${model} ${gpuLayers} ${contextSize}`).toBeLessThan(0.06);
          // Where nothing is on the GPU but compute, the KV cache is copied there piece by piece.
          expect(Math.abs(error('gpu')), `${model} ${gpuLayers} ${contextSize}`).toBeLessThan(gpuLayers === 0 ? 0.2 : 0.06);
        }
    console.log(`closed form, held out: worst VRAM ${(worst.gpu * 100).toFixed(2)} %, worst RAM ${(worst.ram * 100).toFixed(2)} %`);
  });
});
