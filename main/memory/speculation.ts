/** What guessing tokens ahead takes on top of the model: llama-server's own sums where there are some, else more than was ever seen. */
import { elementBytes, type FormulaSettings, type MemoryFacts, padded, slotsOf } from '../../shared/memoryFormula.ts';
import type { MemorySplit } from '../../shared/schemas/memory.ts';

type Sides = Record<'gpu' | 'ram', MemorySplit>;

/** Tokens that llama-server guesses at once. */
export const guessedAhead = 3;

/** Bytes on both sides together. */
export const added = (one: Sides, other: Sides): Sides => ({ gpu: sum(one.gpu, other.gpu), ram: sum(one.ram, other.ram) });

const sum = (one: MemorySplit, other: MemorySplit): MemorySplit => ({
  weights: one.weights + other.weights,
  kvCache: one.kvCache + other.kvCache,
  state: one.state + other.state,
  compute: one.compute + other.compute,
  projector: one.projector + other.projector,
});

const none: MemorySplit = { weights: 0, kvCache: 0, state: 0, compute: 0, projector: 0 };

/** Bytes that the output buffer grows by as it holds the logits of guesses too, in RAM. */
export const guessedRows = ({ vocabulary }: MemoryFacts, plan: FormulaSettings): Sides => ({
  gpu: none,
  ram: { ...none, compute: 4 * guessedAhead * slotsOf(plan) * vocabulary },
});

/**
 * Bytes that a model's own layers for multi-token prediction take, with a context of their own, on top of the model's `sides`. Weights, cache
 * and state are sums; compute is at most what the model's is, and to go back from a wrong guess the model keeps a state for each.
 */
export function predictorBytes({ predictor, layers, embedding }: MemoryFacts, plan: FormulaSettings, sides: Sides): Sides {
  if (!predictor) return { gpu: none, ram: none };
  const where = plan.gpuLayers > 0 ? 'gpu' : 'ram';
  const slots = slotsOf(plan);
  // Laid out anew for the processor they take up to an eighth more.
  const weights = where === 'ram' ? (predictor.weights * 9) / 8 : predictor.weights;
  const kvCache = padded(plan.contextSize) * (predictor.keyRow + predictor.valueRow) * elementBytes[plan.kvType];
  const state = Math.max(0, ...layers.map((layer) => layer.state));
  // A layer's result with all its states, once more than without.
  const results = state > 0 ? (guessedAhead + 2) * slots * state + 4 * plan.batchSize * predictor.stateWidth : 0;
  const thoughts = 8 * plan.batchSize * embedding;
  const on = (side: 'gpu' | 'ram'): MemorySplit => ({
    ...none,
    ...(side === where && { weights, kvCache }),
    state: guessedAhead * sides[side].state,
    compute: sides[side].compute + (sides[side].compute > 0 ? results : 0) + (side === 'ram' ? thoughts : 0),
  });
  return { gpu: on('gpu'), ram: on('ram') };
}
