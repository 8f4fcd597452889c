/** The next smaller plan for a load that failed: the step that costs the person least. */
import type { LoadPlan } from '../../shared/contract/control.ts';
import type { LadderStep } from '../../shared/schemas/engine.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import { usualLoad } from '../../shared/schemas/memory.ts';
import type { Failure, Part } from './failure.ts';

/** What the steps depend on beside the plan. */
export interface Ground {
  /** Layers of the model, output layer included. */
  layers: number;
  /** llama-server loads it, and it has experts that can lie in RAM. */
  experts: boolean;
  projector: boolean;
  /** What computes where the plan does not say. */
  compute: Hardware['backend'];
}

interface Rung {
  change: LadderStep['change'];
  /** Parts whose allocation has more room after this step: what comes before them got smaller, or they did. */
  helps: Part[];
  /** Makes room in video memory only. */
  gpuOnly?: boolean;
  /** The plan one step down, and what is told of it; undefined where there is no step left. */
  take(plan: LoadPlan, ground: Ground): { plan: LoadPlan; from: string | number; to: string | number } | undefined;
}

const smallBatch = 128;
/** Where a larger one was asked for, this comes before the small one. */
const usualBatch = usualLoad.batchSize;
/** Tokens; less is no conversation, so layers go first. */
const smallContext = 4096;
const grid = 256;

/** From the one that costs least. Weights leave video memory before the KV cache shrinks below what the person asked for twice. */
const rungs: Rung[] = [
  {
    // It is faster with it, and says the same without.
    change: 'speculation',
    helps: ['weights', 'kvCache', 'compute', 'projector'],
    take({ speculation, ...plan }) {
      return speculation ? { plan, from: speculation.type, to: 'none' } : undefined;
    },
  },
  {
    change: 'batch',
    helps: ['compute', 'projector'],
    take(plan) {
      const to = plan.batchSize > usualBatch ? usualBatch : smallBatch;
      return plan.batchSize > to ? { plan: { ...plan, batchSize: to }, from: plan.batchSize, to } : undefined;
    },
  },
  {
    change: 'cache',
    helps: ['kvCache', 'compute', 'projector'],
    // llama.cpp keeps values in blocks only with flash attention.
    take: (plan) => (plan.kvType === 'f16' ? { plan: { ...plan, kvType: 'q8_0', flashAttention: true }, from: 'f16', to: 'q8_0' } : undefined),
  },
  {
    change: 'projector',
    helps: ['projector'],
    gpuOnly: true,
    take: (plan, { projector }) =>
      projector && plan.gpuLayers > 0 && !plan.projectorInRam ? { plan: { ...plan, projectorInRam: true }, from: 'gpu', to: 'ram' } : undefined,
  },
  {
    change: 'experts',
    helps: ['weights', 'kvCache', 'compute', 'projector'],
    gpuOnly: true,
    take(plan, { experts, layers }) {
      const from = plan.expertsInRam ?? 0;
      const to = from < Math.ceil(layers / 2) ? Math.ceil(layers / 2) : layers;
      return experts && plan.gpuLayers > 0 && from < layers ? { plan: { ...plan, expertsInRam: to }, from, to } : undefined;
    },
  },
  {
    change: 'context',
    helps: ['kvCache', 'compute', 'projector'],
    take(plan) {
      const to = Math.max(smallContext, Math.ceil(plan.contextSize / 2 / grid) * grid);
      return plan.contextSize > to ? { plan: { ...plan, contextSize: to }, from: plan.contextSize, to } : undefined;
    },
  },
  {
    change: 'layers',
    helps: ['weights', 'kvCache', 'compute', 'projector'],
    gpuOnly: true,
    take(plan, { layers }) {
      const from = Math.min(plan.gpuLayers, layers);
      const to = [0.75, 0.5, 0.25, 0].map((part) => Math.floor(layers * part)).find((count) => count < from);
      return from > 0 && to !== undefined ? { plan: { ...plan, gpuLayers: to }, from, to } : undefined;
    },
  },
  {
    change: 'backend',
    helps: ['weights', 'kvCache', 'compute', 'projector'],
    gpuOnly: true,
    // What numbers the cards have is the backend's own.
    take({ cards: _, ...plan }, ground) {
      const from = plan.compute ?? ground.compute;
      const to = from === 'cuda' ? 'vulkan' : 'cpu';
      return from === 'cpu' ? undefined : { plan: { ...plan, compute: to, ...(to === 'cpu' && { gpuLayers: 0 }) }, from, to };
    },
  },
];

/** The plan to try after `failure`, and the step down to it; undefined where nothing is left to try. */
export function nextPlan(plan: LoadPlan, failure: Failure, ground: Ground): { plan: LoadPlan; step: LadderStep } | undefined {
  for (const { change, helps, gpuOnly, take } of rungs) {
    if (failure.of === 'device' ? change !== 'backend' : failure.of === 'ram' && gpuOnly) continue;
    if (failure.part && !helps.includes(failure.part)) continue;
    // What the card then has is help for the processor, which costs less to do without.
    if (failure.of === 'gpu' && plan.gpuLayers === 0 && (change === 'cache' || change === 'context')) continue;
    const taken = take(plan, ground);
    if (taken) return { plan: taken.plan, step: { change, from: taken.from, to: taken.to, why: failure.of } };
  }
  return undefined;
}
