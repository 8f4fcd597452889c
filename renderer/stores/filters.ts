/** What a person wants to see in Discover, and whether a model is it, as far as that is known. */
import { sizeInBillions } from '../../shared/family.ts';
import { licenceOf } from '../../shared/licence.ts';
import type { ModelSummary, ModelTraits } from '../../shared/schemas/hub.ts';

export interface Filters {
  /** Runs on this computer: wholly on the GPU, or in RAM where there is none. */
  fits: boolean;
  vision: boolean;
  tools: boolean;
  reasoning: boolean;
  /** Only licences that allow commercial use. */
  commercial: boolean;
  /** In billions. */
  smallest: number | undefined;
  largest: number | undefined;
  /** Tokens that it takes at least. */
  context: number | undefined;
  /** Publisher. */
  author: string | undefined;
  /** Days since its last update at most. */
  days: number | undefined;
}

export const noFilters: Filters = {
  fits: false,
  vision: false,
  tools: false,
  reasoning: false,
  commercial: false,
  smallest: undefined,
  largest: undefined,
  context: undefined,
  author: undefined,
  days: undefined,
};

/** The filters that are set. */
export const activeFilters = (filters: Filters): (keyof Filters)[] =>
  (Object.keys(noFilters) as (keyof Filters)[]).filter((key) => filters[key] !== noFilters[key]);

/** `checking`: only the model's traits can tell, and they are still coming. */
export type Match = 'yes' | 'no' | 'checking';

/** What is known of a model besides its row: its traits, that they are coming, or that they cannot be had. */
export type Known = ModelTraits | 'coming' | 'failed';

/** Runs as one would want it to: `cpuOnly` machines have only RAM. */
export const runsWell = (traits: ModelTraits, cpuOnly: boolean): boolean =>
  traits.best !== undefined && (traits.best.verdict === 'fits' || traits.best.verdict === 'tight' || (cpuOnly && traits.best.verdict === 'ram'));

/** Whether `model` is what `filters` ask for; `now` in ms. A trait that cannot be had counts as absent, but for what the row itself says. */
export function matches(model: ModelSummary, known: Known, filters: Filters, cpuOnly: boolean, now: number): Match {
  const traits = typeof known === 'object' ? known : undefined;
  const ask = (wanted: boolean, fromRow: boolean, trait: (traits: ModelTraits) => boolean): Match => {
    if (!wanted) return 'yes';
    if (traits) return trait(traits) ? 'yes' : 'no';
    return fromRow ? 'yes' : known === 'coming' ? 'checking' : 'no';
  };
  const { smallest = 0, largest = Number.POSITIVE_INFINITY, context, author, days } = filters;
  const fromName = model.size === undefined ? undefined : sizeInBillions(model.size);
  const within = (billions: number): boolean => billions >= smallest && billions <= largest;
  const sized = filters.smallest !== undefined || filters.largest !== undefined;
  const answers: Match[] = [
    author === undefined || model.owner.toLowerCase() === author.toLowerCase() ? 'yes' : 'no',
    days === undefined || (model.updatedAt !== undefined && now - Date.parse(model.updatedAt) <= days * 86_400_000) ? 'yes' : 'no',
    !filters.commercial || licenceOf(model.licence).commercial === 'yes'
      ? 'yes'
      : model.licence === undefined
        ? ask(true, false, (each) => each.commercial === 'yes')
        : 'no',
    // The hub was asked for this range too, so a model that no name or trait tells the size of stays.
    sized && fromName !== undefined && !within(fromName) ? 'no' : 'yes',
    ask(filters.vision, model.vision, (each) => each.vision),
    ask(filters.tools, model.tools, (each) => each.tools),
    ask(filters.reasoning, model.reasoning, (each) => each.thinking || model.reasoning),
    ask(context !== undefined, false, (each) => (each.contextLength ?? 0) >= (context ?? 0)),
    ask(filters.fits, false, (each) => each.runnable && runsWell(each, cpuOnly)),
  ];
  return answers.includes('no') ? 'no' : answers.includes('checking') ? 'checking' : 'yes';
}
