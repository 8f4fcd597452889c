/** Asks llama.cpp what the context of a model that it has virtually would take. */
import { GgmlType, type Llama } from 'node-llama-cpp';
import type { LoadPlan } from '../../shared/contract/control.ts';
import { cacheBytes, type MemoryFacts, slotsOf, windowCells } from '../../shared/memoryFormula.ts';
import { createShapes, type Sides } from './shapes.ts';
import type { VirtualModel } from './virtual.ts';

/** `served`: llama-server loads it. */
export type ServedPlan = LoadPlan & { served: boolean };

const shapes = new WeakMap<Llama, ReturnType<typeof createShapes<VirtualModel>>>();
const cacheType = { f16: GgmlType.F16, q8_0: GgmlType.Q8_0, q4_0: GgmlType.Q4_0 };

/**
 * What a context takes on both sides, in bytes. Sequences that share a cache cannot be asked for: of those with a cache each, as large
 * as the shared one, compute is the same. Throws `NoSimulation` where llama.cpp cannot be asked.
 */
export async function contextBytes(llama: Llama, running: VirtualModel, plan: ServedPlan): Promise<Sides> {
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
function askContext(llama: Llama, running: VirtualModel, plan: ServedPlan, sequences: number): Promise<Sides> {
  const { contextSize, gpuLayers, flashAttention, kvType } = plan;
  // node-llama-cpp adds one token to the batch of models with a window; llama-server does not.
  const batchSize = plan.served && running.insights.swaSize ? plan.batchSize - 1 : plan.batchSize;
  const ask = async (): Promise<Sides> => {
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
