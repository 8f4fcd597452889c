/** Models, a machine and downloads as the hub and core would tell them. */
import type { MemorySource } from '../../shared/contract/core.ts';
import { familyOf, sizeInBillions } from '../../shared/family.ts';
import { licenceOf } from '../../shared/licence.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import type { Card, Hardware } from '../../shared/schemas/hardware.ts';
import type { ModelDetail, ModelSummary, ModelTraits } from '../../shared/schemas/hub.ts';
import type { LibraryModel, Storage } from '../../shared/schemas/library.ts';
import { type ContextLimits, type Estimate, type LoadSettings, type MemorySplit, splitTotal, type Verdict } from '../../shared/schemas/memory.ts';
import type { SelfTestReport } from '../../shared/schemas/selfTest.ts';
import { defaultSettings } from '../../shared/schemas/settings.ts';

const gib = 2 ** 30;
export const commit = 'a'.repeat(40);

export const hardware: Hardware = {
  backend: 'cuda',
  gpus: ['NVIDIA GeForce RTX 4060'],
  vram: { total: 8 * gib, free: 7.4 * gib, unified: false },
  ram: { total: 32 * gib, free: 21.3 * gib },
  cpu: { name: 'AMD Ryzen 7 7700', threads: 8 },
  disk: { total: 1_000_000_000_000, free: 412_000_000_000 },
  llamaCpp: 'b6543',
};

/** Two of the same name, the second one with less that is free. */
export const cards: [Card, Card] = [
  { id: 0, name: 'NVIDIA GeForce RTX 3090', total: 24 * gib, free: 22.5 * gib },
  { id: 1, name: 'NVIDIA GeForce RTX 3090', total: 24 * gib, free: 2 * gib },
];

export const selfTestReport: SelfTestReport = {
  done: true,
  backends: [
    {
      backend: 'cuda',
      state: 'used',
      device: 'NVIDIA GeForce RTX 4060',
      runs: [
        { engine: 'llama-server', state: 'passed', loadMs: 812, tokensPerSecond: 1843, saw: true },
        { engine: 'node-llama-cpp', state: 'passed', loadMs: 640, tokensPerSecond: 1721 },
      ],
    },
    { backend: 'vulkan', state: 'noDevice', runs: [] },
    {
      backend: 'cpu',
      state: 'failed',
      device: 'AMD Ryzen 7 7700',
      runs: [
        { engine: 'llama-server', state: 'skipped', missing: 'cmake' },
        { engine: 'node-llama-cpp', state: 'failed', error: { code: 'engine.crashed', message: 'gone', data: { cause: 'memoryKiller' } } },
      ],
    },
  ],
};

const summary = (id: string, downloads: number, more: Partial<ModelSummary> = {}): ModelSummary => ({
  id,
  owner: id.split('/')[0] ?? '',
  name: id.split('/')[1] ?? '',
  downloads,
  likes: Math.round(downloads / 900),
  updatedAt: '2026-10-02T09:00:00.000Z',
  gated: 'no',
  licence: 'apache-2.0',
  vision: false,
  ...familyOf(id),
  tools: false,
  reasoning: false,
  ...more,
});

export const searchModels: ModelSummary[] = [
  summary('unsloth/Qwen3.5-9B-GGUF', 1_230_000, { vision: true, reasoning: true, tools: true, baseModel: 'Qwen/Qwen3.5-9B' }),
  summary('unsloth/Qwen3.5-4B-GGUF', 804_000, { vision: true, reasoning: true, tools: true, baseModel: 'Qwen/Qwen3.5-4B' }),
  summary('bartowski/Qwen_Qwen3.5-9B-GGUF', 310_000, { vision: true, updatedAt: '2026-11-12T09:00:00.000Z' }),
  summary('unsloth/Qwen3.5-35B-A3B-GGUF', 290_000, { vision: true, reasoning: true }),
  summary('ggml-org/gemma-3-12b-it-GGUF', 455_000, { vision: true, gated: 'manual', licence: 'gemma' }),
  summary('bartowski/Mistral-Small-3.2-24B-Instruct-2506-GGUF', 91_300),
  summary('tiny/Tiny-Qwen3.5-VL-GGUF', 1, { vision: true }),
];

/** Bits per weight, best first. */
const quantizations: [label: string, bits: number][] = [
  ['BF16', 16],
  ['Q8_0', 8.5],
  ['Q6_K', 6.57],
  ['Q5_K_M', 5.67],
  ['Q4_K_M', 4.85],
  ['UD-IQ3_XXS', 3.2],
  ['Q2_K', 2.7],
];
const parameters = 9_400_000_000;
const billions = (size: string | undefined): number => (size === undefined ? parameters : sizeInBillions(size) * 1e9);

export const modelDetail = (model: ModelSummary): ModelDetail => ({
  ...model,
  commit,
  parameters,
  architecture: 'qwen35',
  contextLength: 262_144,
  quantizations: quantizations.map(([label, bits]) => {
    const size = Math.round((parameters * bits) / 8);
    const path = `${model.name.replace('-GGUF', '')}-${label}.gguf`;
    return { id: path, label, files: [{ path, size, sha256: 'b'.repeat(64) }], size, bitsPerWeight: bits };
  }),
  ...(model.vision ? { projector: { path: 'mmproj-F16.gguf', size: 918_000_000 } } : {}),
  languages: ['en', 'fr', 'zh'],
  createdAt: '2026-09-01T09:00:00.000Z',
  lastCommitAt: '2026-10-02T09:00:00.000Z',
  security: 'safe',
  commercial: licenceOf(model.licence).commercial,
  tools: true,
  thinking: model.reasoning,
  system: true,
  runnable: true,
});

/** Mistral's stands for one that llama.cpp does not know. */
export function modelTraits(model: ModelSummary): ModelTraits {
  const runnable = !model.id.includes('Mistral');
  const size = billions(model.size);
  const label = size > 30e9 ? 'Q3_K_M' : size > 6e9 ? 'Q4_K_M' : 'Q8_0';
  const total = 33;
  const verdict: Verdict = size > 30e9 ? 'no' : size > 10e9 ? 'partial' : 'fits';
  return {
    repo: model.id,
    architecture: runnable ? 'qwen35' : 'mistral5',
    runnable,
    parameters: size,
    contextLength: model.id.includes('gemma') ? 131_072 : 262_144,
    vision: model.vision,
    tools: model.tools,
    thinking: model.reasoning,
    system: true,
    ...(model.licence !== undefined && { licence: model.licence }),
    commercial: licenceOf(model.licence).commercial,
    ...(runnable &&
      verdict !== 'no' && {
        best: {
          quantization: `${label}.gguf`,
          label,
          size: Math.round(size * 0.7),
          needs: Math.round(size * 0.8),
          verdict,
          layers: { total, onGpu: verdict === 'fits' ? total : 20 },
        },
      }),
  };
}

export const cardMarkdown = `# A model

It **answers** in [many languages](https://example.org/languages).

![A llama](https://example.org/llama.png)

<script>window.cardRan = true</script>

| Bench | Score |
| --- | --- |
| MMLU | 71.2 |
`;

const none: MemorySplit = { weights: 0, kvCache: 0, state: 0, compute: 0, projector: 0 };

/** Made-up numbers that grow as real ones do: with the file, the context and the cache's type. */
export function fakeEstimate(source: MemorySource, settings: LoadSettings): Estimate {
  const label = source.kind === 'hub' ? source.quantization : source.id;
  const bits = quantizations.find(([name]) => label.includes(name))?.[1] ?? 4.85;
  const cache = { f16: 1, q8_0: 0.53, q4_0: 0.28 }[settings.kvType];
  const all: MemorySplit = {
    weights: (parameters * bits) / 8,
    kvCache: settings.contextSize * 32_768 * cache,
    state: 52 * 2 ** 20,
    compute: 310 * 2 ** 20,
    projector: settings.vision ? 980_000_000 : 0,
  };
  const total = 33;
  const room = 7.4 * gib;
  const onGpu = Math.max(0, Math.min(total, Math.floor((room / splitTotal(all)) * total)));
  const share = onGpu / total;
  const scaled = (part: number): MemorySplit =>
    part === 0
      ? none
      : { weights: all.weights * part, kvCache: all.kvCache * part, state: all.state * part, compute: all.compute * part, projector: all.projector * part };
  const verdict: Verdict = splitTotal(all) > room + 21.3 * gib ? 'no' : share < 1 ? 'partial' : splitTotal(all) > room * 0.93 ? 'tight' : 'fits';
  return {
    basis: label.includes('IQ3') ? 'about' : 'exact',
    engine: 'llama-server',
    settings,
    layers: { total, onGpu },
    gpu: scaled(share),
    ram: { ...scaled(1 - share), weights: all.weights * (1 - share) + 0.55 * gib },
    free: { gpu: room, ram: 21.3 * gib },
    verdict,
    trainContext: 262_144,
    speed: { low: 300 / bits, high: (label.includes('Q6') ? 330 : 480) / bits, measured: label.includes('Q6') },
  };
}

/** A model of the library that was loaded as the person's settings say. */
export function loadedModel(id: string, settings: LoadSettings = defaultSettings.load): LoadedModel {
  const { engine, gpu, ram, layers } = fakeEstimate({ kind: 'library', id }, settings);
  return { backend: engine, settings, contextSize: settings.contextSize, layers, vision: settings.vision, thinking: true, memory: { gpu, ram } };
}

/** The contexts at which `fakeEstimate` fills the card, in steps of 256. */
export function fakeLimits(source: MemorySource, settings: LoadSettings): ContextLimits {
  const { gpu, ram } = fakeEstimate(source, { ...settings, contextSize: 256, kvType: 'f16' });
  const room = 7.4 * gib - (splitTotal(gpu) + splitTotal(ram) - 0.55 * gib - 256 * 32_768);
  const longest = (perToken: number): number | null => (room < 256 * perToken ? null : Math.floor(Math.min(262_144, room / perToken) / 256) * 256);
  return { f16: longest(32_768), q8_0: longest(32_768 * 0.53) };
}

export const libraryModel = (more: Partial<LibraryModel> = {}): LibraryModel => ({
  id: 'unsloth/Qwen3.5-9B-GGUF/Qwen3.5-9B-Q4_K_M.gguf',
  repo: 'unsloth/Qwen3.5-9B-GGUF',
  name: 'Qwen3.5 9B',
  label: 'Q4_K_M',
  files: [{ path: 'unsloth/Qwen3.5-9B-GGUF/Qwen3.5-9B-Q4_K_M.gguf', size: 5_680_000_000 }],
  projector: { path: 'unsloth/Qwen3.5-9B-GGUF/mmproj-F16.gguf', size: 937_000_000 },
  size: 6_617_000_000,
  source: { app: 'atelier', folder: '/home/ada/.local/share/atelier/models', reference: false },
  architecture: 'qwen35',
  parameters,
  contextLength: 262_144,
  vision: true,
  thinking: true,
  verified: true,
  addedAt: '2026-11-20T18:00:00.000Z',
  ...more,
});

export const downloadJob = (more: Partial<DownloadJob> = {}): DownloadJob => ({
  id: 'd1',
  repo: 'unsloth/Qwen3.5-4B-GGUF',
  commit,
  label: 'Q6_K',
  quantization: 'Qwen3.5-4B-Q6_K.gguf',
  files: [
    { path: 'Qwen3.5-4B-Q6_K.gguf', size: 3_500_000_000, received: 1_400_000_000 },
    { path: 'mmproj-F16.gguf', size: 700_000_000, received: 0 },
  ],
  state: 'running',
  size: 4_200_000_000,
  received: 1_400_000_000,
  verified: 0,
  rate: 12_400_000,
  secondsLeft: 226,
  reconnecting: 0,
  createdAt: '2026-11-22T09:00:00.000Z',
  ...more,
});

export const libraryStorage: Storage = {
  kinds: [
    { kind: 'models', size: 6_617_000_000, reclaimable: 0 },
    { kind: 'partial', size: 1_400_000_000, reclaimable: 200_000_000 },
    { kind: 'bin', size: 5_700_000_000, reclaimable: 5_700_000_000 },
    { kind: 'headers', size: 4_200_000, reclaimable: 4_200_000 },
    { kind: 'cache', size: 310_000_000, reclaimable: 0 },
    { kind: 'chats', size: 900_000, reclaimable: 0 },
    { kind: 'images', size: 12_000_000, reclaimable: 0 },
    { kind: 'logs', size: 60_000, reclaimable: 0 },
  ],
  free: 140_000_000_000,
};
