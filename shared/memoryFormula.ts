/** Our closed form of what llama.cpp allocates, from plain numbers of a model: shown as "about" where llama.cpp itself can't be asked. */
import type { KvType, MemorySplit } from './schemas/memory.ts';

/** One block of a model. */
export interface LayerFacts {
  /** Bytes of its weights that are loaded; 0 for a block that is skipped (multi-token prediction). */
  weights: number;
  /** Of these, the bytes that one token is computed with: of a mixture of experts those that are used. */
  active: number;
  /** Of both, what belongs to its experts; absent where it has none. */
  experts?: { weights: number; active: number; largestTensor: number };
  /** Elements that one token adds to the key cache and to the value cache; 0 where the layer keeps a state instead. */
  keyRow: number;
  valueRow: number;
  /** Tokens that it looks back on; 0: all of them. */
  window: number;
  /** Bytes of its recurrent state for one sequence, whatever the context. */
  state: number;
}

/** All that the formula needs of a model. Bytes and counts. */
export interface MemoryFacts {
  layers: LayerFacts[];
  /** The blocks for multi-token prediction taken together; `stateWidth`: elements that a layer with a state makes of a token. */
  predictor?: Pick<LayerFacts, 'weights' | 'keyRow' | 'valueRow'> & { stateWidth: number };
  /** Token embeddings and what else is read before the first layer: always in RAM. */
  inputWeights: number;
  /** The output matrix and its norm; the embeddings again where they are tied. */
  outputWeights: number;
  /** Of both: embeddings that are the output matrix too, and are loaded once where both lie in one kind of memory. */
  sharedWeights: number;
  vocabulary: number;
  embedding: number;
  heads: number;
  /** Tokens. */
  trainContext: number;
}

/** What the bytes depend on. `gpuLayers` counts the output layer, which goes to the GPU first. */
export interface FormulaSettings {
  /** There is a GPU: it computes large batches of the layers in RAM too. */
  gpu: boolean;
  /** Vulkan takes no tensor of 4 GiB and gives out memory by the gibibyte; other backends have no such limits. */
  vulkan?: boolean;
  contextSize: number;
  kvType: KvType;
  flashAttention: boolean;
  gpuLayers: number;
  batchSize: number;
  /** llama-server loads it. */
  served?: boolean | undefined;
  /** Sequences that share the cache, each with a state of its own; llama-server only. Absent: 1. */
  slots?: number | undefined;
}

/** Bytes of one element in a cache row (ggml's block sizes: 32 elements and a scale). */
export const elementBytes: Record<KvType, number> = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 };

export const padded = (tokens: number): number => Math.ceil(tokens / 256) * 256;

/** Whether block `index` is on the GPU: llama.cpp fills from the back, the output layer first (llama-model.cpp, `i_gpu_start`). */
const isOnGpu = (facts: MemoryFacts, settings: Pick<FormulaSettings, 'gpuLayers'>, index: number): boolean =>
  index >= facts.layers.length + 1 - settings.gpuLayers;

/** Sequences of a context: node-llama-cpp has one. */
export const slotsOf = ({ served, slots = 1 }: Pick<FormulaSettings, 'served' | 'slots'>): number => (served ? slots : 1);

/** Tokens in the cache of a layer that looks back on `window`, of each sequence. */
export function windowCells(window: number, settings: Pick<FormulaSettings, 'contextSize' | 'batchSize' | 'served' | 'slots'>): number {
  // node-llama-cpp adds one token to the batch of models with a window, which can cross a step of 256.
  const near = slotsOf(settings) * window + settings.batchSize + (settings.served ? 0 : 1);
  return Math.min(padded(settings.contextSize), padded(near));
}

/** Bytes of the KV cache and of the recurrent state on each side: llama.cpp's own sums, exact (llama-kv-cache.cpp, llama-memory-recurrent.cpp). */
export function cacheBytes(facts: MemoryFacts, settings: Omit<FormulaSettings, 'gpu' | 'vulkan'>): Record<'gpu' | 'ram', { kvCache: number; state: number }> {
  const bytes = { gpu: { kvCache: 0, state: 0 }, ram: { kvCache: 0, state: 0 } };
  const cells = padded(settings.contextSize);
  // Without flash attention the values are stored transposed and, where their widths differ, padded to the widest.
  const widestValue = Math.max(0, ...facts.layers.map((layer) => layer.valueRow));
  for (const [index, layer] of facts.layers.entries()) {
    const side = bytes[isOnGpu(facts, settings, index) ? 'gpu' : 'ram'];
    const ownCells = layer.window > 0 ? windowCells(layer.window, settings) : cells;
    const valueRow = settings.flashAttention || layer.valueRow === 0 ? layer.valueRow : widestValue;
    side.kvCache += ownCells * (layer.keyRow + valueRow) * elementBytes[settings.kvType];
    side.state += slotsOf(settings) * layer.state;
  }
  return bytes;
}

/** Bytes of weights, cache and state on the GPU with no layer there, with one, and so on to all, the output layer first. */
export function placedBytes(facts: MemoryFacts, settings: Omit<FormulaSettings, 'gpu' | 'gpuLayers'>): number[] {
  const total = facts.layers.length + 1;
  const cache = (gpuLayers: number): number => {
    const { kvCache, state } = cacheBytes(facts, { ...settings, gpuLayers }).gpu;
    return kvCache + state;
  };
  let weights = 0;
  return Array.from({ length: total + 1 }, (_, gpuLayers) => {
    if (gpuLayers > 0) weights += facts.layers[total - gpuLayers]?.weights ?? facts.outputWeights;
    return weights + cache(gpuLayers);
  });
}

/** Layers on the GPU, and how many from the first on have their experts in RAM. */
type Placing = Pick<FormulaSettings, 'gpuLayers'> & { expertsInRam?: number };

/**
 * Bytes that the experts of the first `expertsInRam` layers move from the GPU to RAM, exact (llama.cpp's `--n-cpu-moe`), and at most what
 * the GPU takes for copies of them: it still computes large batches, with one of their tensors at a time.
 */
export function movedExperts(facts: MemoryFacts, { expertsInRam = 0, ...settings }: Placing): { weights: number; copy: number } {
  const moved = facts.layers.filter((_, index) => index < expertsInRam && isOnGpu(facts, settings, index)).flatMap(({ experts }) => experts ?? []);
  // Of layers that lie in RAM the GPU takes copies anyway.
  const copies = settings.gpuLayers > facts.layers.length ? moved : [];
  return { weights: moved.reduce((sum, { weights }) => sum + weights, 0), copy: Math.max(0, ...copies.map(({ largestTensor }) => largestTensor)) };
}

/** Bytes that the GPU is spared with the experts of no layer in RAM, of one, and so on to all; undefined for a model without experts. */
export function sparedBytes(facts: MemoryFacts, settings: Pick<FormulaSettings, 'gpuLayers'>): number[] | undefined {
  if (!facts.layers.some(({ experts }) => experts)) return undefined;
  return Array.from({ length: facts.layers.length + 1 }, (_, expertsInRam) => {
    const { weights, copy } = movedExperts(facts, { ...settings, expertsInRam });
    return weights - copy;
  });
}

/** Bytes of weights on each side that one generated token is computed with; of the embeddings it takes one row, which does not count. */
export function activeBytes(facts: MemoryFacts, { expertsInRam = 0, ...settings }: Placing): Record<'gpu' | 'ram', number> {
  const bytes = { gpu: 0, ram: 0 };
  for (const [index, layer] of facts.layers.entries()) {
    const experts = index < expertsInRam ? (layer.experts?.active ?? 0) : 0;
    bytes.ram += experts;
    bytes[isOnGpu(facts, settings, index) ? 'gpu' : 'ram'] += layer.active - experts;
  }
  bytes[settings.gpuLayers > 0 ? 'gpu' : 'ram'] += facts.outputWeights;
  return bytes;
}

/**
 * Bytes on the GPU and in RAM, for node-llama-cpp and without a projector: within 3 % of what llama.cpp allocates for a known
 * architecture with all layers on the GPU, with and without flash attention, within 6 % with some of them (estimation.md, section 5).
 */
export function memoryByFormula(facts: MemoryFacts, settings: FormulaSettings): Record<'gpu' | 'ram', MemorySplit> {
  const { embedding, vocabulary, heads } = facts;
  const { batchSize, flashAttention, gpuLayers } = settings;
  const cache = cacheBytes(facts, settings);
  const cells = padded(settings.contextSize);
  const layers = facts.layers.map((layer, index) => ({ weights: layer.weights, gpu: isOnGpu(facts, settings, index) }));
  const sum = (gpu: boolean): number => layers.reduce((bytes, layer) => (layer.gpu === gpu ? bytes + layer.weights : bytes), 0);

  // llama.cpp reserves the graph of a full batch: logits of every token, or the attention scores where they are written out.
  const logits = 4 * batchSize * (vocabulary + 2 * embedding);
  const scores = flashAttention ? 0 : 4 * batchSize * cells * heads;
  // Scores that the GPU cannot hold in one piece are computed in RAM, with copies of a layer's keys and values.
  const tooLarge = settings.vulkan === true && gpuLayers > 0 && scores >= 2 ** 32;
  const widestRow = Math.max(0, ...facts.layers.map((layer) => layer.keyRow + layer.valueRow));
  const scoresInRam = tooLarge ? scores + cells * widestRow * elementBytes[settings.kvType] : 0;
  const scored = scores === 0 || tooLarge ? 0 : scoreCopies(facts, settings, scores) * scores + 4 * batchSize * (cells + 10 * embedding);
  const slots = slotsOf(settings);
  // Of each further sequence a layer's state lies there as it was and as it becomes.
  const states = 2 * (slots - 1) * Math.max(0, ...facts.layers.map((layer) => layer.state));
  const graph = Math.max(logits, scored) + states;
  // Inputs of the graph and the output buffer stay on the host: embeddings of a batch, the mask, a row of logits for each sequence.
  const inputs = 8 * batchSize * embedding + (flashAttention ? 2 : 4) * batchSize * cells + 4 * slots * vocabulary + scoresInRam;
  const host = gpuLayers > facts.layers.length ? inputs : inputs + 4 * batchSize * embedding;

  const offloads = gpuLayers > 0;
  // The GPU that computes for the RAM takes a copy of the largest weights there are, the output matrix.
  const onGpu = offloads ? graph : settings.gpu ? graph + facts.outputWeights : 0;
  return {
    gpu: { weights: sum(true) + (offloads ? facts.outputWeights : 0), ...cache.gpu, compute: onGpu, projector: 0 },
    ram: {
      weights: sum(false) + facts.inputWeights + (offloads ? 0 : facts.outputWeights),
      ...cache.ram,
      compute: settings.gpu ? host : inputs + graph,
      projector: 0,
    },
  };
}

/**
 * Scores that lie there at once. From a gibibyte on each has a piece of memory of its own; where the next layer attends to everything too,
 * what the one before left in its piece keeps that from being used again.
 */
function scoreCopies({ layers }: MemoryFacts, { vulkan }: FormulaSettings, scores: number): number {
  const attends = layers.map(({ keyRow, window }) => keyRow > 0 && window === 0);
  return vulkan && scores >= 2 ** 30 && attends.some((here, index) => here && attends[index + 1]) ? 2 : 1;
}
