/** The results as families with sizes, as far as the filters leave them. */
import { groupFamilies } from '../../../shared/family.ts';
import type { ModelSummary } from '../../../shared/schemas/hub.ts';
import { type Filters, type Known, matches } from '../../stores/filters.ts';
import type { TraitsState } from '../../stores/traits.ts';

export interface ShownSize {
  /** `9B`; absent where no name tells. */
  size: string | undefined;
  /** The repositories that offer it, best first. */
  models: [ModelSummary, ...ModelSummary[]];
  /** Of the first of them. */
  known: Known;
  /** The filters wait for `known`. */
  checking: boolean;
}

export interface ShownFamily {
  name: string;
  sizes: [ShownSize, ...ShownSize[]];
}

/** `Qwen3.5 9B`. */
export const sizedName = (family: string, size: string | undefined): string => (size === undefined ? family : `${family} ${size}`);

/** Groups `models` and leaves out what the filters do not ask for, a size at a time by its first repository; `now` in ms. */
export function shownFamilies(
  models: readonly ModelSummary[],
  traits: TraitsState['traits'],
  filters: Filters,
  cpuOnly: boolean,
  now: number = Date.now(),
): ShownFamily[] {
  const knownOf = (model: ModelSummary): Known => traits[model.id] ?? 'coming';
  return groupFamilies(models).flatMap(({ name, sizes }) => {
    const shown = sizes.flatMap(({ size, models: offers }): ShownSize[] => {
      const left = offers.filter((model) => matches(model, knownOf(model), filters, cpuOnly, now) !== 'no');
      const [first, ...others] = left;
      if (!first) return [];
      const known = knownOf(first);
      return [{ size, models: [first, ...others], known, checking: matches(first, known, filters, cpuOnly, now) === 'checking' }];
    });
    const [first, ...others] = shown;
    return first ? [{ name, sizes: [first, ...others] }] : [];
  });
}

/** The repositories that offer the same size of the same family as `repo`, best first; only itself where the results do not have it. */
export function offersLike(models: readonly ModelSummary[], repo: string): ModelSummary[] {
  for (const { sizes } of groupFamilies(models)) {
    const found = sizes.find((size) => size.models.some(({ id }) => id === repo));
    if (found) return found.models;
  }
  return [];
}
