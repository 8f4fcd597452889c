/** Asks llama.cpp what a model would take, without allocating it; runs in the engine process, where the backend is. */
import path from 'node:path';
import { GgmlType, type Llama } from 'node-llama-cpp';
import type { EstimateAnswer, EstimateRequest, LoadPlan } from '../../shared/contract/control.ts';
import {
  activeBytes,
  cacheBytes,
  type MemoryFacts,
  memoryByFormula,
  movedExperts,
  placedBytes,
  slotsOf,
  sparedBytes,
  windowCells,
} from '../../shared/memoryFormula.ts';
import { imageTokenCap, type MemorySplit } from '../../shared/schemas/memory.ts';
import { mayNotRepack } from '../engine/amx.ts';
import type { GgufHeader } from '../gguf/header.ts';
import { memoryFacts } from './facts.ts';
import { imageWork, projectorWeights } from './projector.ts';
import { type Sides as ContextBytes, createShapes } from './shapes.ts';
import { added, guessedRows, predictorBytes } from './speculation.ts';
import { NoSimulation, openVirtual, readHeader, type VirtualModel, weightsOnly } from './virtual.ts';

type Sides = Record<'gpu' | 'ram', MemorySplit>;
/** `served`: llama-server loads it. */
type ServedPlan = LoadPlan & { served: boolean };

/** Headers whose virtual models are kept, a few megabytes each: a repository's quantizations, asked again as the slider moves. */
const keptModels = 48;
const models = new WeakMap<Llama, Map<string, Promise<VirtualModel>>>();
const shapes = new WeakMap<Llama, ReturnType<typeof createShapes<VirtualModel>>>();
/** Headers of projectors that were read, by path. */
const projectors = new Map<string, GgufHeader>();
/** More than any model has. */
const allLayers = 1_000;
let queue: Promise<unknown> = Promise.resolve();
const cacheType = { f16: GgmlType.F16, q8_0: GgmlType.Q8_0, q4_0: GgmlType.Q4_0 };

/**
 * The memory of a model at a plan, in bytes: llama.cpp's own answer for this backend, or our closed form marked `about`
 * where llama.cpp cannot be asked; `about` too with experts in RAM, which only llama-server does. Throws `gguf.*` for a header that cannot be read or an architecture that this
 * llama.cpp does not know, `memory.unknown` for a header without layers. `signal` drops a question that nobody waits for.
 */
export function askMemory(llama: Llama, request: EstimateRequest, signal?: AbortSignal): Promise<EstimateAnswer> {
  // One at a time: the backend takes one at a time anyway, and no model is put away while it is being asked.
  const answer = queue.then(() => {
    signal?.throwIfAborted();
    return answerTo(llama, request);
  });
  queue = answer.catch(() => {});
  return answer;
}

async function answerTo(llama: Llama, { header, projector, draft, plan, served = false }: EstimateRequest): Promise<EstimateAnswer> {
  const image = projector !== undefined && plan.vision ? await projectorBytes(projector, plan.imageTokens) : 0;
  const gpuLayers = llama.gpu === false ? 0 : plan.gpuLayers;
  const engine = served || image > 0 ? 'llama-server' : 'node-llama-cpp';
  const asked = { ...plan, gpuLayers, served: engine === 'llama-server' };
  const { facts, sides: alone, basis } = await askModel(llama, header, asked);
  const speculates = asked.served && plan.speculation !== undefined;
  const sides = speculates ? await withSpeculation(llama, alone, facts, asked, draft) : alone;
  const total = facts.layers.length + 1;
  sides[gpuLayers > 0 ? 'gpu' : 'ram'].projector = image;
  const spared = engine === 'llama-server' && gpuLayers > 0 ? sparedBytes(facts, { gpuLayers }) : undefined;
  const expertsInRam = spared && plan.expertsInRam ? Math.min(plan.expertsInRam, facts.layers.length) : 0;
  const placing = { gpuLayers, expertsInRam };
  return {
    basis: expertsInRam > 0 || speculates ? 'about' : basis,
    engine,
    ...withExperts(sides, movedExperts(facts, placing)),
    layers: { total, onGpu: Math.min(gpuLayers, total), ...(expertsInRam > 0 && { expertsInRam }) },
    placed: placedBytes(facts, asked),
    ...(spared && { spared }),
    trainContext: facts.trainContext,
    active: activeBytes(facts, placing),
  };
}

/** With the model that guesses for it, whole on one side, or with its own layers for that. */
async function withSpeculation(llama: Llama, sides: Sides, facts: MemoryFacts, plan: ServedPlan, draft: string | undefined): Promise<Sides> {
  const settings = { ...plan, gpu: llama.gpu !== false };
  const rows = guessedRows(facts, settings);
  if (plan.speculation?.type === 'mtp') return added(added(sides, rows), predictorBytes(facts, settings, sides));
  if (draft === undefined) return sides;
  const small = await askModel(llama, draft, { ...plan, gpuLayers: plan.gpuLayers > 0 ? allLayers : 0 });
  return added(added(sides, rows), small.sides);
}

/** The weights are llama.cpp's to the byte; what compute takes for copies is an upper bound (docs/memory.md). */
const withExperts = ({ gpu, ram }: Sides, { weights, copy }: { weights: number; copy: number }): Sides => ({
  gpu: { ...gpu, weights: gpu.weights - weights, compute: gpu.compute + copy },
  ram: { ...ram, weights: ram.weights + weights },
});

/** Bytes of a projector with its work on the largest picture. */
async function projectorBytes(file: string, imageTokens = imageTokenCap): Promise<number> {
  const header = projectors.get(file) ?? (await readHeader(file)).header;
  projectors.set(file, header);
  return projectorWeights(header) + imageWork(header, imageTokens);
}

async function askModel(llama: Llama, header: string, plan: ServedPlan): Promise<{ facts: MemoryFacts; sides: Sides; basis: 'exact' | 'about' }> {
  try {
    const model = await virtualModel(llama, header, { fewWords: false, gpuLayers: plan.gpuLayers });
    const running = plan.served ? await virtualModel(llama, header, { fewWords: true, gpuLayers: plan.gpuLayers }) : model;
    const sides = await simulate(llama, model, running, plan);
    return { facts: model.facts, sides, basis: 'exact' };
  } catch (error) {
    if (!(error instanceof NoSimulation)) throw error;
    const facts = memoryFacts((await readHeader(header)).header, path.basename(header));
    return { facts, sides: memoryByFormula(facts, { ...plan, gpu: llama.gpu !== false, vulkan: llama.gpu === 'vulkan' }), basis: 'about' };
  }
}

/** llama.cpp's totals, split by our exact sums of cache and state; what remains of the context is compute. */
async function simulate(llama: Llama, { insights, facts }: VirtualModel, running: VirtualModel, plan: ServedPlan): Promise<Sides> {
  const gpuLayers = Math.min(plan.gpuLayers, facts.layers.length + 1);
  const weights = await insights.estimateModelResourceRequirementsV2({ gpuLayers, ...weightsOnly });
  const context = await contextBytes(llama, running, { ...plan, gpuLayers });
  // A token's logits for each sequence lie in the output buffer, of which the vocabulary of few words has its few.
  const missingWords = slotsOf(plan) * (facts.vocabulary - running.facts.vocabulary);
  const cache = cacheBytes(facts, { ...plan, gpuLayers });
  const inRam = plan.served && llama.gpu === false && mayNotRepack(plan, cache.ram.state) ? bytesInFile(facts) : weights.cpuRam;
  return { gpu: split(weights.gpuVram, context.gpu, cache.gpu), ram: split(inRam, context.ram + 4 * missingWords, cache.ram) };
}

const bytesInFile = ({ layers, inputWeights, outputWeights, sharedWeights }: MemoryFacts): number =>
  layers.reduce((bytes, { weights }) => bytes + weights, inputWeights + outputWeights - sharedWeights);

/**
 * What a context takes on both sides. Sequences that share a cache cannot be asked for: of those with a cache each, as large as the
 * shared one, compute is the same.
 */
async function contextBytes(llama: Llama, running: VirtualModel, plan: ServedPlan): Promise<ContextBytes> {
  const slots = slotsOf(plan);
  const one = await askContext(llama, running, plan, 1);
  if (slots === 1) return one;
  const divided = await askContext(llama, running, plan, slots);
  const [alone, shared] = [1, slots].map((count) => cacheBytes(running.facts, { ...plan, slots: count }));
  const on = (side: 'gpu' | 'ram'): number => {
    const own = alone![side].kvCache + alone![side].state;
    // Where a cache takes less than our sum of it, compute would come out short.
    const compute = Math.max(0, divided[side] - one[side] - (slots - 1) * own);
    return one[side] + shared![side].kvCache + shared![side].state - own + compute + widerMask(running.facts, plan);
  };
  return { gpu: llama.gpu === false ? one.gpu : on('gpu'), ram: on('ram') };
}

/** Bytes of the mask of layers with a window: what sequences share is wider than what one of them has alone. */
function widerMask({ layers }: MemoryFacts, plan: ServedPlan): number {
  const window = Math.max(...layers.map((layer) => layer.window));
  const cells = windowCells(window, plan) - windowCells(window, { ...plan, slots: 1 });
  const slots = slotsOf(plan);
  const tokens = Math.ceil(plan.batchSize / slots) * slots;
  return window > 0 ? (plan.flashAttention ? 2 : 4) * tokens * cells : 0;
}

/** llama.cpp's answer for sequences with a cache each: asked once for all quantizations of a model where the types of its weights play no part. */
function askContext(llama: Llama, running: VirtualModel, plan: ServedPlan, sequences: number): Promise<ContextBytes> {
  const { contextSize, gpuLayers, flashAttention, kvType } = plan;
  // node-llama-cpp adds one token to the batch of models with a window; llama-server does not.
  const batchSize = plan.served && running.insights.swaSize ? plan.batchSize - 1 : plan.batchSize;
  const ask = async (): Promise<ContextBytes> => {
    const { gpuVram, cpuRam } = await running.insights.estimateContextResourceRequirementsV2({
      contextSize,
      modelGpuLayers: gpuLayers,
      batchSize,
      sequences,
      flashAttention,
      kvCacheKeyType: cacheType[kvType],
      kvCacheValueType: cacheType[kvType],
      useMmap: false,
    });
    return { gpu: gpuVram, ram: cpuRam };
  };
  // A GPU that computes for layers in RAM takes copies of their weights, whose size the type decides.
  const alike = llama.gpu === false || gpuLayers > running.facts.layers.length;
  if (!alike) return ask();
  const known = shapes.get(llama) ?? createShapes<VirtualModel>();
  shapes.set(llama, known);
  return known(running, JSON.stringify([contextSize, gpuLayers, batchSize, sequences, flashAttention, kvType]), ask);
}

/** Never more than llama.cpp's total: an architecture whose cache we count too high shows it all as cache. */
function split(weights: number, context: number, cache: { kvCache: number; state: number }): MemorySplit {
  const state = Math.min(cache.state, context);
  const kvCache = Math.min(cache.kvCache, context - state);
  return { weights, kvCache, state, compute: context - state - kvCache, projector: 0 };
}

/** The header's virtual model, the least recently asked one making room. */
function virtualModel(llama: Llama, header: string, form: { fewWords: boolean; gpuLayers: number }): Promise<VirtualModel> {
  const kept = models.get(llama) ?? new Map<string, Promise<VirtualModel>>();
  models.set(llama, kept);
  const key = `${form.fewWords} ${header}`;
  const model = kept.get(key) ?? openVirtual(llama, header, form);
  kept.delete(key);
  kept.set(key, model);
  model.catch(() => kept.get(key) === model && kept.delete(key));
  for (const [oldest, evicted] of [...kept].slice(0, -keptModels)) {
    kept.delete(oldest);
    void evicted.then((virtual) => virtual.dispose()).catch(() => {});
  }
  return model;
}
