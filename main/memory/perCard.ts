/** How a model lies on the cards of this machine, and what each of them has for it. */
import type { EstimateAnswer } from '../../shared/contract/control.ts';
import type { Card, Hardware } from '../../shared/schemas/hardware.ts';
import { type Estimate, type LoadSettings, type MemorySplit, type Placement, sharesOf, usedCards } from '../../shared/schemas/memory.ts';

/** A card that the model may use. */
export interface CardRoom {
  card: Card;
  /** Bytes that a model may take of it. */
  gpu: number;
  /** Its part of the layers, against the sum of all parts. */
  part: number;
}

type Held = Pick<EstimateAnswer, 'placed' | 'spared' | 'beside' | 'draft'> & { gpu?: Pick<MemorySplit, 'projector'> };

/**
 * Bytes on each card at `layers`, at most: llama.cpp's own rule for the layers (llama-model.cpp, `get_layer_buft_list`), and on top what
 * the answer says of a card in that place. Undefined where llama.cpp saw no more than one card.
 */
export function heldByCards(
  { gpu, placed, spared, beside, draft }: Held,
  { onGpu, total, expertsInRam = 0 }: Placement,
  cards: readonly CardRoom[],
): number[] | undefined {
  if (!beside) return undefined;
  const places = placesOf(
    onGpu,
    cards.map(({ part }) => part),
  );
  const layers = draft && onGpu > 0 ? draft.placed.length - 1 : 0;
  // llama-server divides a model that guesses in the same way.
  const held = (draft && heldByCards(draft, { onGpu: layers, total: layers }, cards)) ?? cards.map(() => 0);
  for (const [at, card] of places.entries()) {
    const layer = total - onGpu + at;
    const experts = layer < expertsInRam ? (spared?.[layer + 1] ?? 0) - (spared?.[layer] ?? 0) : 0;
    held[card]! += placed[onGpu - at]! - placed[onGpu - at - 1]! - experts;
  }
  const last = places.at(-1);
  return held.map((bytes, index) => {
    const has = places.includes(index);
    const working = index === 0 && (has || onGpu < total) ? beside.first : has && index !== last ? beside.other : 0;
    return bytes + working + (index === last ? beside.last : 0) + (index === 0 ? (gpu?.projector ?? 0) : 0);
  });
}

/** The card of each layer on the GPU, from the first one to the output layer; in llama.cpp's own precision. */
export function placesOf(layers: number, parts: readonly number[]): number[] {
  const sums: number[] = [];
  for (const part of parts) sums.push(Math.fround((sums.at(-1) ?? 0) + Math.fround(part)));
  const ends = sums.map((sum) => Math.fround(sum / sums.at(-1)!));
  return Array.from({ length: layers }, (_, at) => ends.findIndex((end) => end > Math.fround(at / layers)));
}

/**
 * What each of the `cards` that the settings name has for a model, of none or one alone undefined. `freed` bytes come back first, most
 * where most is in use; `roomOn` gives what may be taken of a card.
 */
export function roomOnCards(
  cards: readonly Card[],
  settings: Pick<LoadSettings, 'cards'>,
  freed: number,
  roomOn: (vram: Hardware['vram'], freed: number) => number,
): CardRoom[] | undefined {
  const used = usedCards(cards, settings.cards);
  if (used.length < 2) return undefined;
  const shares = sharesOf(settings.cards);
  const taken = used.map(({ total, free }) => total - (free ?? total));
  const sum = taken.reduce((bytes, one) => bytes + one, 0);
  return used.map((card, index) => {
    const back = sum > 0 ? Math.min(taken[index]!, (freed * taken[index]!) / sum) : 0;
    const gpu = roomOn({ total: card.total, free: card.free, unified: false }, back);
    return { card, gpu, part: shares?.[index] ?? Math.max(1, card.free === null ? card.total : card.free + back) };
  });
}

/** What is said of each of several cards that hold so many bytes. */
export const saidOfEach = (held: readonly number[], cards: readonly CardRoom[]): Estimate['cards'] =>
  cards.map(({ card, gpu }, index) => ({ ...card, free: card.free === null ? null : gpu, needs: held[index]! }));

/** The same of the one card that the settings name, which is all that `machine` has then. Undefined where they name none, or several. */
export function saidOfOne({ cards = [] }: Pick<LoadSettings, 'cards'>, { gpus, vram }: Hardware, free: number | null, needs: number): Estimate['cards'] {
  const [only, ...more] = cards;
  return only && more.length === 0 ? [{ id: only.id, name: gpus.join(', '), total: vram.total, free, needs }] : undefined;
}

/** Bytes that stay free of the card where they are fewest; undefined where it is not several that the model lies on. */
export function spareOnCards(answer: Held, layers: Placement, cards: readonly CardRoom[] | undefined): number | undefined {
  const held = cards && heldByCards(answer, layers, cards);
  return held && Math.min(...held.map((bytes, index) => cards[index]!.gpu - bytes));
}
