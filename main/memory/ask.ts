/** Asks llama.cpp what a model would take, without allocating it; runs in the engine process, where the backend is. */
import path from 'node:path';
import type { Llama } from 'node-llama-cpp';
import type { EstimateAnswer, EstimateRequest } from '../../shared/contract/control.ts';
import { activeBytes, cacheBytes, type MemoryFacts, memoryByFormula, movedExperts, placedBytes, slotsOf, sparedBytes } from '../../shared/memoryFormula.ts';
import { imageTokenCap, type MemorySplit, splitTotal } from '../../shared/schemas/memory.ts';
import { mayNotUseAmx } from '../engine/amx.ts';
import type { GgufHeader } from '../gguf/header.ts';
import { headerOf } from '../gguf/read.ts';
import { besideLayers } from './beside.ts';
import { contextBytes, type ServedPlan } from './context.ts';
import { memoryFacts } from './facts.ts';
import { imageWork, projectorWeights } from './projector.ts';
import { added, guessedRows, predictorBytes } from './speculation.ts';
import { NoSimulation, openVirtual, type VirtualModel, weightsOnly } from './virtual.ts';

type Sides = Record<'gpu' | 'ram', MemorySplit>;

/** Headers whose virtual models are kept, a few megabytes each: a repository's quantizations, asked again as the slider moves. */
const keptModels = 48;
const models = new WeakMap<Llama, Map<string, Promise<VirtualModel>>>();
/** Headers of projectors that were read, by path. */
const projectors = new Map<string, GgufHeader>();
/** More than any model has. */
const allLayers = 1_000;
let queue: Promise<unknown> = Promise.resolve();

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
  const gpuLayers = llama.gpu === false ? 0 : plan.gpuLayers;
  const image = projector !== undefined && plan.vision ? await projectorBytes(projector, gpuLayers > 0, plan.imageTokens) : undefined;
  const engine = served || image ? 'llama-server' : 'node-llama-cpp';
  const asked = { ...plan, gpuLayers, served: engine === 'llama-server' };
  const own = await askModel(llama, header, asked);
  const { facts, sides: alone, basis } = own;
  const speculates = asked.served && plan.speculation !== undefined;
  const sides = speculates ? await withSpeculation(llama, alone, facts, asked, draft) : alone;
  const total = facts.layers.length + 1;
  const onCards = await cardsOf(llama, { header, draft }, asked, own, speculates ? splitTotal(sides.gpu) - splitTotal(alone.gpu) : 0);
  if (image) for (const side of ['gpu', 'ram'] as const) sides[side].projector = image[side];
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
    ...onCards,
    trainContext: facts.trainContext,
    active: activeBytes(facts, placing),
  };
}

/** What is to be known of several cards; `guessing`: bytes that guessing takes on all of them. */
async function cardsOf(
  llama: Llama,
  { header, draft }: Pick<EstimateRequest, 'header' | 'draft'>,
  plan: ServedPlan,
  own: Own,
  guessing: number,
): Promise<Pick<EstimateAnswer, 'beside' | 'draft'>> {
  const beside = await besideOf(llama, header, plan, own);
  if (!beside || guessing === 0) return beside ? { beside } : {};
  // A model's own layers for it come last.
  if (plan.speculation?.type === 'mtp' || draft === undefined) return { beside: { ...beside, last: beside.last + guessing } };
  const whole = { ...plan, gpuLayers: allLayers };
  const small = await askModel(llama, draft, whole);
  const besideIt = await besideOf(llama, draft, whole, small);
  return { beside, ...(besideIt && { draft: { placed: placedBytes(small.facts, whole), beside: besideIt } }) };
}

/** What comes on top of the layers on each of several cards; undefined where llama.cpp sees one, or none. */
async function besideOf(llama: Llama, header: string, plan: ServedPlan, { facts, sides, basis }: Own): Promise<EstimateAnswer['beside']> {
  const cards = llama.gpu === false ? 0 : (await llama.getGpuDeviceNames()).length;
  if (cards < 2) return undefined;
  const { compute } = sides.gpu;
  // Our own sum knows nothing of several cards.
  if (basis === 'about') return { first: compute, other: compute, last: compute };
  const total = facts.layers.length + 1;
  const onGpu = Math.min(plan.gpuLayers, total);
  const served = async (gpuLayers: number): Promise<number> =>
    plan.served && gpuLayers === onGpu
      ? compute
      : (await askModel(llama, header, { ...plan, gpuLayers, served: true, ...(!plan.served && { slots: 1 }) })).sides.gpu.compute;
  return besideLayers({ cards, total, onGpu, compute, served });
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
async function projectorBytes(file: string, onGpu: boolean, imageTokens = imageTokenCap): Promise<Record<'gpu' | 'ram', number>> {
  const header = projectors.get(file) ?? (await headerOf(file, { alone: true })).header;
  projectors.set(file, header);
  const { compute, handed } = imageWork(header, imageTokens, onGpu);
  const there = projectorWeights(header) + compute;
  return onGpu ? { gpu: there, ram: handed } : { gpu: 0, ram: there };
}

/** What llama.cpp says of one model. */
interface Own {
  facts: MemoryFacts;
  sides: Sides;
  basis: 'exact' | 'about';
}

async function askModel(llama: Llama, header: string, plan: ServedPlan): Promise<Own> {
  try {
    const model = await virtualModel(llama, header, { fewWords: false, gpuLayers: plan.gpuLayers });
    const running = plan.served ? await virtualModel(llama, header, { fewWords: true, gpuLayers: plan.gpuLayers }) : model;
    const sides = await simulate(llama, model, running, plan);
    return { facts: model.facts, sides, basis: 'exact' };
  } catch (error) {
    if (!(error instanceof NoSimulation)) throw error;
    const facts = memoryFacts((await headerOf(header, { alone: true })).header, path.basename(header));
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
  const inRam = plan.served && llama.gpu === false && mayNotUseAmx(plan, cache.ram.state) ? bytesInFile(facts) : weights.cpuRam;
  return { gpu: split(weights.gpuVram, context.gpu, cache.gpu), ram: split(inRam, context.ram + 4 * missingWords, cache.ram) };
}

const bytesInFile = ({ layers, inputWeights, outputWeights, sharedWeights }: MemoryFacts): number =>
  layers.reduce((bytes, { weights }) => bytes + weights, inputWeights + outputWeights - sharedWeights);

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
