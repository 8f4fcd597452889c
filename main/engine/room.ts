/** Who has to go so that another model fits. */
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import { type LoadSettings, splitTotal } from '../../shared/schemas/memory.ts';

/** Bytes on both sides. */
export interface Bytes {
  gpu: number;
  ram: number;
}

export interface Room {
  /** With the margins that are kept beside it. */
  needs: Bytes;
  /** Once every model is gone; null where the driver does not tell. */
  free: { gpu: number | null; ram: number };
  /** Where that is, of several cards. */
  cards?: LoadSettings['cards'];
}

/** Bytes that a loaded model gives back, on the GPU on these cards. Undefined where llama.cpp did not tell. */
function heldBytes({ memory, settings }: LoadedModel, cards: LoadSettings['cards']): Bytes | undefined {
  return memory && { gpu: splitTotal(memory.gpu) * common(settings.cards, cards), ram: splitTotal(memory.ram) };
}

/** Bytes that all of them give back; those of which nobody knows are not counted. */
export const heldByAll = (loaded: readonly { model: LoadedModel }[], cards: LoadSettings['cards']): Bytes =>
  loaded.reduce(
    (sum, { model }) => {
      const { gpu, ram } = heldBytes(model, cards) ?? { gpu: 0, ram: 0 };
      return { gpu: sum.gpu + gpu, ram: sum.ram + ram };
    },
    { gpu: 0, ram: 0 },
  );

/** How much of what lies on the `held` cards lies on those that are `wanted`, from 0 to 1: each has the same, and where none is named it may be any. */
function common(held: LoadSettings['cards'], wanted: LoadSettings['cards']): number {
  if (!held || !wanted) return 1;
  return held.filter(({ id }) => wanted.some((card) => card.id === id)).length / held.length;
}

/**
 * The models that go before one that needs room, of those that are loaded; the ones used longest ago first, and none whose memory is
 * of no use to it. All of them where it fits in no better way, or where nobody knows.
 */
export function toEject<T extends { model: LoadedModel; usedAt: number }>(room: Room | undefined, loaded: readonly T[]): T[] {
  const all = loaded.map((each) => ({ each, bytes: heldBytes(each.model, room?.cards) })).toSorted((a, b) => a.each.usedAt - b.each.usedAt);
  if (!room) return loaded.slice();
  const { needs, free } = room;
  const kept = new Set(all);
  const missing = (side: keyof Bytes): boolean => {
    if (needs[side] === 0) return false;
    const rest = [...kept].reduce((sum, { bytes }) => sum + (bytes?.[side] ?? Infinity), 0);
    return needs[side] > (free[side] ?? 0) - rest;
  };
  for (const one of all) {
    const helps = (side: keyof Bytes): boolean => missing(side) && (one.bytes?.[side] ?? 1) > 0;
    if (helps('gpu') || helps('ram')) kept.delete(one);
  }
  const tight = missing('gpu') || missing('ram');
  return all.filter((one) => tight || !kept.has(one)).map(({ each }) => each);
}
