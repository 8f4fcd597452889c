/**
 * Holds what we say a model takes against what llama.cpp allocates, on the software GPU: every header of the fixtures, contexts from 2k to
 * 131k, KV in f16 and q8_0, flash attention on and off; beside it what simpler formulas say, and how long answers take.
 * `--quick` asks two contexts and loads nothing, `--json` prints all rows as one object. All layers are on the GPU.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { modelFacts } from '../main/gguf/facts.ts';
import { memoryFacts } from '../main/memory/facts.ts';
import { allocations, fixture, header, headerPath } from '../main/memory/testing/allocations.ts';
import { missing, startSoftwareGpu } from '../main/memory/testing/softwareGpu.ts';
import { writeWholeModel } from '../main/memory/testing/wholeModel.ts';
import type { LoadPlan } from '../shared/contract/control.ts';
import { memoryByFormula } from '../shared/memoryFormula.ts';
import { splitTotal } from '../shared/schemas/memory.ts';
import { everyLayerLike, fileTimes12, type Model, ollamaLike } from './formulas.ts';
import { at, measureRepricing, type Repricing, sentence } from './repricing.ts';

const [json, quick] = ['--json', '--quick'].map((flag) => process.argv.includes(flag));
const reason = missing();
if (reason) {
  console.error(reason);
  process.exit(1);
}

interface Row {
  model: string;
  contextSize: number;
  kvType: LoadPlan['kvType'];
  flashAttention: boolean;
  /** Bytes of video memory; null where it was not loaded. */
  allocated: number | null;
  /** `recorded`: a real load of estimation.md; `loaded`: just now. */
  source: 'recorded' | 'loaded' | null;
  basis: 'exact' | 'about';
  simulated: number;
  formula: number;
  fileTimes12: number;
  ollamaLike: number;
  everyLayerLike: number;
  /** Milliseconds of the simulation. */
  ms: number;
}
const methods = ['simulated', 'formula', 'fileTimes12', 'ollamaLike', 'everyLayerLike'] as const;
const batchSize = 512;
/** Loaded for real, with weights of zeros, where that takes no more than this and the machine has twice as much to spare. */
const loadable = ['qwen3.5-0.8b-Q4_K_M', 'qwen3.5-4b-Q4_K_M'];
const mostLoaded = 4.5e9;
/** What is published for Qwen3.5 in Q4 at small contexts, in GB. Of the 2B, for which 1.5 is published, there is no header here. */
const published = { 'qwen3.5-9b-Q4_K_M': '6', 'qwen3.5-4b-Q4_K_M': '3', 'qwen3.5-0.8b-Q4_K_M': 'less than 1' };
const siblings = ['Q2_K', 'Q3_K_M', 'IQ4_XS', 'Q4_K_M', 'Q5_K_M', 'Q6_K', 'Q8_0'].map((label) => `qwen3.5-9b-${label}`);

const index: { file: string; fileSize: number }[] = JSON.parse(readFileSync(fixture('headers/index.json'), 'utf8'));
const models = new Map<string, Model>(
  index.map(({ file, fileSize }) => {
    const model = file.replace(/\.gguf$/, '');
    const parsed = header(model);
    return [model, { fileSize, facts: modelFacts([parsed]), memory: memoryFacts(parsed, model) }];
  }),
);
const variants = [
  { kvType: 'f16', flashAttention: true },
  { kvType: 'q8_0', flashAttention: true },
  // Without flash attention llama.cpp refuses a quantized cache.
  { kvType: 'f16', flashAttention: false },
] as const;
const contexts = quick ? [2048, 32768] : [2048, 8192, 32768, 131072];
const positions = contexts.flatMap((contextSize) => variants.map((variant) => ({ contextSize, ...variant })));

const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-bench-'));
const began = performance.now();
const card = startSoftwareGpu(24576);
try {
  await card.hardware();
  const started = performance.now() - began;
  const rows: Row[] = [];
  const firsts: number[] = [];

  for (const [model, of] of models) {
    const whole = path.join(folder, `${model}.gguf`);
    const loads = !quick && loadable.includes(model);
    if (loads) writeWholeModel(model, whole);
    for (const position of positions) {
      const plan: LoadPlan = { ...position, gpuLayers: 1000, vision: false, batchSize };
      const { answer, ms } = await card.ask({ header: headerPath(model), plan });
      if (position === positions[0]) firsts.push(ms);
      const recorded = allocations.find(
        (row) => row.model === model && row.contextSize === plan.contextSize && row.kvType === plan.kvType && row.flashAttention === plan.flashAttention,
      );
      const takes = splitTotal(answer.gpu) + splitTotal(answer.ram);
      const loaded = loads && takes <= mostLoaded && os.freemem() >= 2 * takes ? (await card.load(whole, plan)).gpu : undefined;
      rows.push({
        ...{ model, ...position, ms, basis: answer.basis },
        allocated: loaded ?? recorded?.vramBytes ?? null,
        source: loaded ? 'loaded' : recorded ? 'recorded' : null,
        simulated: splitTotal(answer.gpu),
        formula: splitTotal(memoryByFormula(of.memory, { ...plan, gpu: true, vulkan: true }).gpu),
        fileTimes12: fileTimes12(of),
        ollamaLike: ollamaLike(of, plan.contextSize),
        everyLayerLike: everyLayerLike(of, plan.contextSize, plan.kvType, batchSize),
      });
    }
  }

  // In llama-server, which keeps no logits of a whole batch; the projector is counted apart.
  const small: Record<string, number> = {};
  for (const model of Object.keys(published)) {
    const plan: LoadPlan = { contextSize: 4096, kvType: 'f16', flashAttention: true, gpuLayers: 1000, vision: true, batchSize };
    const { answer } = await card.ask({ header: headerPath(model), projector: fixture('tiny-qwen3.5-vl/mmproj-tiny-qwen3.5-vl-F16.gguf'), plan });
    small[model] = splitTotal(answer.gpu) - answer.gpu.projector;
  }

  const repricing: Repricing[] = [];
  for (const gibibytes of [24, 8, 6]) repricing.push(await measureRepricing(gibibytes, siblings));

  const summary = methods.map((method) => summarise(method, rows));
  const times = {
    processStartMs: started,
    firstPriceMs: { median: at(firsts, 0.5), worst: at(firsts, 1), headers: firsts.length },
    repricing,
  };
  if (json) console.log(JSON.stringify({ rows, summary, small, times }));
  else print(rows, summary, small, times);
} finally {
  await card.end();
  rmSync(folder, { recursive: true });
}

/** Errors over the rows that were really allocated, in parts of 1. */
function summarise(method: (typeof methods)[number], rows: Row[]) {
  const errors = rows.flatMap((row) => (row.allocated === null ? [] : [row[method] / row.allocated - 1]));
  const mean = errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length;
  return {
    method,
    rows: errors.length,
    exact: errors.filter((error) => error === 0).length,
    mean,
    over: Math.max(...errors, 0),
    under: Math.min(...errors, 0),
  };
}

function print(
  rows: Row[],
  summary: ReturnType<typeof summarise>[],
  small: Record<string, number>,
  times: { processStartMs: number; firstPriceMs: { median: number; worst: number; headers: number }; repricing: Repricing[] },
): void {
  const percent = (part: number): string => `${part > 0 ? '+' : ''}${(part * 100).toFixed(1)} %`;
  const cells = [['model', 'context', 'kv', 'FA', 'predicted', 'allocated', 'error', ...methods.slice(1), 'ms']];
  for (const row of rows) {
    const against = (bytes: number): string => percent(bytes / (row.allocated ?? row.simulated) - 1);
    const real = row.allocated === null ? '–' : `${row.allocated}${row.source === 'loaded' ? ' now' : ''}`;
    const error = row.allocated === null ? '–' : String(row.simulated - row.allocated);
    const others = methods.slice(1).map((method) => against(row[method]));
    cells.push([
      row.model,
      String(row.contextSize),
      row.kvType,
      row.flashAttention ? 'on' : 'off',
      String(row.simulated),
      real,
      error,
      ...others,
      row.ms.toFixed(0),
    ]);
  }
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  for (const row of cells) console.log(row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  '));
  console.log('\nVideo memory in bytes, all layers on the GPU; error in bytes; the other methods against what was allocated, else against the prediction.');
  for (const { method, rows: count, exact, mean, over, under } of summary)
    console.log(
      `${method.padEnd(14)} ${exact}/${count} to the byte, mean error ${(mean * 100).toFixed(2)} %, worst over ${percent(over)}, worst under ${percent(under)}`,
    );
  for (const [model, gigabytes] of Object.entries(published))
    console.log(`${model} at 4k, llama-server, all on the GPU, projector apart: ${(small[model]! / 1e9).toFixed(2)} GB; published ${gigabytes}`);
  console.log('2B: 1.5 GB is published; not compared, as its header is not among the fixtures');
  const { firstPriceMs: first, processStartMs } = times;
  console.log(`start of the process with its GPU ${processStartMs.toFixed(0)} ms`);
  console.log(`first price of a header: median ${first.median.toFixed(0)} ms, worst ${first.worst.toFixed(0)} ms (${first.headers} headers)`);
  for (const repriced of times.repricing) console.log(sentence(repriced));
}
