/** What comes on top of the layers on each of several cards: bounds from what llama.cpp says of all of them together. */
import type { EstimateAnswer } from '../../shared/contract/control.ts';

type Beside = NonNullable<EstimateAnswer['beside']>;

export interface Computing {
  cards: number;
  /** Layers on the GPU, and of how many. */
  onGpu: number;
  total: number;
  /** Bytes of compute on all cards: as it is asked for, and of a model that makes the logits of one token with so many layers on the GPU. */
  compute: number;
  served(onGpu: number): Promise<number>;
}

/**
 * At most what a card takes for compute, by its place. With all layers on the GPU each card takes the same, as llama.cpp lets them work at
 * the same time and keeps four copies of what one hands to the next; else the first one does the work for the RAM too. The logits of a
 * whole batch, which node-llama-cpp keeps, lie on the last one.
 */
export async function besideLayers({ cards, onGpu, total, compute, served }: Computing): Promise<Beside> {
  if (onGpu === 0) return { first: compute, other: 0, last: 0 };
  const [few, each] = [await served(onGpu), (await served(total)) / cards];
  if (onGpu >= total) return { first: each, other: each, last: compute - few + each };
  // The first takes the most of all.
  const other = Math.min(each, few / 2);
  return { first: Math.min(few, Math.max(await served(0), each)), other, last: compute - few + other };
}
