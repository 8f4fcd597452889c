/** Asks llama.cpp what a model would take, without allocating it; runs in the engine process, where the backend is. */
import { GgmlType, type Llama } from 'node-llama-cpp';
import type { EstimateAnswer, EstimateRequest, LoadPlan } from '../../shared/contract/control.ts';
import { cacheBytes, type MemoryFacts, memoryByFormula } from '../../shared/memoryFormula.ts';
import type { MemorySplit } from '../../shared/schemas/memory.ts';
import { memoryFacts } from './facts.ts';
import { imageWork, projectorWeights } from './projector.ts';
import { NoSimulation, openVirtual, readHeader, type VirtualModel } from './virtual.ts';

type Sides = Record<'gpu' | 'ram', MemorySplit>;

/** Headers whose virtual models are kept, a few megabytes each: a repository's quantizations, asked again as the slider moves. */
const keptModels = 24;
const models = new WeakMap<Llama, Map<string, Promise<VirtualModel>>>();
let queue: Promise<unknown> = Promise.resolve();
const cacheType = { f16: GgmlType.F16, q8_0: GgmlType.Q8_0, q4_0: GgmlType.Q4_0 };

/**
 * The memory of a model at a plan, in bytes: llama.cpp's own answer for this backend, or our closed form marked `about`
 * where llama.cpp cannot be asked. Throws `gguf.*` for a header that cannot be read or an architecture that this
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

async function answerTo(llama: Llama, { header, projector, plan }: EstimateRequest): Promise<EstimateAnswer> {
  const { facts, sides, basis } = await askModel(llama, header, plan);
  const total = facts.layers.length + 1;
  const onGpu = llama.gpu === false ? 0 : Math.min(plan.gpuLayers, total);
  if (projector !== undefined && plan.vision) {
    const image = await readHeader(projector);
    sides[onGpu > 0 ? 'gpu' : 'ram'].projector = projectorWeights(image) + imageWork(image);
  }
  return { basis, ...sides, layers: { total, onGpu }, trainContext: facts.trainContext };
}

async function askModel(llama: Llama, header: string, plan: LoadPlan): Promise<{ facts: MemoryFacts; sides: Sides; basis: 'exact' | 'about' }> {
  try {
    const model = await virtualModel(llama, header);
    return { facts: model.facts, sides: await simulate(llama, model, plan), basis: 'exact' };
  } catch (error) {
    if (!(error instanceof NoSimulation)) throw error;
    const facts = memoryFacts(await readHeader(header), header);
    return { facts, sides: memoryByFormula(facts, { ...plan, gpuLayers: llama.gpu === false ? 0 : plan.gpuLayers }), basis: 'about' };
  }
}

/** llama.cpp's totals, split by our exact sums of cache and state; what remains of the context is compute. */
async function simulate(llama: Llama, { insights, facts }: VirtualModel, plan: LoadPlan): Promise<Sides> {
  const gpuLayers = llama.gpu === false ? 0 : Math.min(plan.gpuLayers, facts.layers.length + 1);
  // Mapping plays no part without allocation, and mapping a hole would read it.
  const weights = await insights.estimateModelResourceRequirementsV2({ gpuLayers, useMmap: false, gpuSupportsMmap: false });
  const context = await insights.estimateContextResourceRequirementsV2({
    contextSize: plan.contextSize,
    modelGpuLayers: gpuLayers,
    batchSize: plan.batchSize,
    sequences: 1,
    flashAttention: plan.flashAttention,
    kvCacheKeyType: cacheType[plan.kvType],
    kvCacheValueType: cacheType[plan.kvType],
    useMmap: false,
  });
  const cache = cacheBytes(facts, { ...plan, gpuLayers });
  return { gpu: split(weights.gpuVram, context.gpuVram, cache.gpu), ram: split(weights.cpuRam, context.cpuRam, cache.ram) };
}

/** Never more than llama.cpp's total: an architecture whose cache we count too high shows it all as cache. */
function split(weights: number, context: number, cache: { kvCache: number; state: number }): MemorySplit {
  const state = Math.min(cache.state, context);
  const kvCache = Math.min(cache.kvCache, context - state);
  return { weights, kvCache, state, compute: context - state - kvCache, projector: 0 };
}

/** The header's virtual model, the least recently asked one making room. */
function virtualModel(llama: Llama, header: string): Promise<VirtualModel> {
  const kept = models.get(llama) ?? new Map<string, Promise<VirtualModel>>();
  models.set(llama, kept);
  const model = kept.get(header) ?? openVirtual(llama, header);
  kept.delete(header);
  kept.set(header, model);
  model.catch(() => kept.get(header) === model && kept.delete(header));
  for (const [oldest, evicted] of [...kept].slice(0, -keptModels)) {
    kept.delete(oldest);
    void evicted.then((virtual) => virtual.dispose()).catch(() => {});
  }
  return model;
}
