/** An estimate as the bars of this machine: what is in use, what the model adds, what there is. */
import type { Hardware } from '../../../shared/schemas/hardware.ts';
import { type CardNeeds, type Estimate, type MemorySplit, splitTotal } from '../../../shared/schemas/memory.ts';
import { type Part, partKinds } from '../../ui/MemoryBar.tsx';

export interface Side {
  where: 'gpu' | 'ram';
  split: MemorySplit;
  /** Bytes the model takes here. */
  needed: number;
  /** Bytes there are, and how many of them are free now; null where the driver does not tell. */
  total: number;
  free: number | null;
}

/** Whether there is video memory to load into: a GPU backend may find no device. */
export const hasGpu = ({ backend, vram }: Pick<Hardware, 'backend' | 'vram'>): boolean => backend !== 'cpu' && vram.total > 0;

/** The parts of a split, largest machine part first as they are drawn. */
export const modelParts = (split: MemorySplit): Part[] => partKinds.map((kind) => ({ kind, bytes: split[kind] }));

/** Bytes known to be in use already. */
export const inUse = ({ total, free }: Pick<Side, 'total' | 'free'>): number => (free === null ? 0 : Math.max(0, total - free));

/** A side's bar: what is in use already, then the model. */
export const sideParts = ({ split, total, free }: Side): Part[] => [{ kind: 'used', bytes: inUse({ total, free }) }, ...modelParts(split)];

/** A card's bar: what is in use already, then its part of the model. */
export const cardParts = (card: CardNeeds): Part[] => [
  { kind: 'used', bytes: inUse(card) },
  { kind: 'model', bytes: card.needs },
];

/** The sides that this machine has, the one that matters first: the GPU if anything goes there, else the RAM. */
export function sidesOf(estimate: Estimate, hardware: Hardware): [Side, ...Side[]] {
  const ram: Side = { where: 'ram', split: estimate.ram, needed: splitTotal(estimate.ram), total: hardware.ram.total, free: estimate.free.ram };
  const onGpu = splitTotal(estimate.gpu);
  if (!hasGpu(hardware)) return [ram];
  const gpu: Side = { where: 'gpu', split: estimate.gpu, needed: onGpu, total: hardware.vram.total, free: estimate.free.gpu };
  return onGpu > 0 ? [gpu, ram] : [ram, gpu];
}
