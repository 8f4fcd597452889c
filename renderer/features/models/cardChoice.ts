/** Which cards a load uses, and what share each of them has, as a person changes it. */
import type { Card } from '../../../shared/schemas/hardware.ts';
import { sharesOf, type UsedCard, withoutShares } from '../../../shared/schemas/memory.ts';

const gib = 2 ** 30;

/** Whether the layers are split by shares. */
export const hasShares = (chosen: readonly UsedCard[]): boolean => sharesOf(chosen) !== undefined;

/** One more, with an average share where the others have one. */
export function withCard(chosen: readonly UsedCard[], id: number): UsedCard[] {
  const sum = chosen.reduce((all, { share = 0 }) => all + share, 0);
  const share = hasShares(chosen) ? { share: Math.round(sum / chosen.length) } : {};
  return [...chosen, { id, ...share }].toSorted((a, b) => a.id - b.id);
}

/** One less; the last one needs no share, and where none is left all are used again. */
export function withoutCard(chosen: readonly UsedCard[], id: number, cards: readonly Card[]): UsedCard[] {
  const left = chosen.filter((each) => each.id !== id);
  if (left.length === 0) return withoutShares(cards);
  return left.length === 1 ? withoutShares(left) : left;
}

/** The same cards with shares to begin with: whole gigabytes of what is free on each, so that little changes before they are changed. */
export const withShares = (chosen: readonly UsedCard[], cards: readonly Card[]): UsedCard[] =>
  chosen.map(({ id }) => {
    const card = cards.find((each) => each.id === id);
    return { id, share: Math.min(1000, Math.max(1, Math.round((card?.free ?? card?.total ?? 0) / gib))) };
  });

/** As it is kept: nothing where all cards are used as usual, unless `usual` says something else for every model. */
export function kept(chosen: UsedCard[], cards: readonly Card[], usual: readonly UsedCard[] | undefined): UsedCard[] | undefined {
  const all = !hasShares(chosen) && chosen.length === cards.length && cards.every(({ id }) => chosen.some((each) => each.id === id));
  return all && usual === undefined ? undefined : chosen;
}
