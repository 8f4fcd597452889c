/** Which quantization of a model to take on this machine, and why, as data from which the page and the command line make a sentence. */
import { badgesOf, type QualityWord, quantizationQuality } from './quality.ts';
import { compareQuality } from './quant.ts';
import type { Quantization } from './schemas/hub.ts';
import { type CardNeeds, type Estimate, fullestCard, type Placement, splitTotal } from './schemas/memory.ts';

/** A row of the picker: a quantization and what it takes. */
export interface Candidate {
  quantization: Quantization;
  estimate: Estimate;
}

/** What is needed where it matters, on the GPU or without one in RAM. */
interface Where {
  /** Bytes, and what was free there; null where the driver does not tell. */
  needs: number;
  free: number | null;
  /** Of several cards, or of those that the settings name, the fullest, by which it fits or not: both are of it. */
  card?: Pick<CardNeeds, 'id' | 'name'>;
}

export interface Recommendation extends Where {
  /** Of the quantization. */
  id: string;
  label: string;
  /**
   * `fitsBest`: the best that is wholly on the GPU; `tightBest`: the same, with hardly anything left; `partialBest`: nothing fits
   * wholly, and this one loses least by it; `ramBest`: no GPU, so the one that is still quick enough; `smallest`: nothing fits.
   */
  reason: 'fitsBest' | 'tightBest' | 'partialBest' | 'ramBest' | 'smallest';
  quality: QualityWord;
  /** Tokens that all this holds for. */
  context: number;
  layers: Placement;
  /** The next better one and why not: fewer `layers` fit, it leaves less than half the context, it is no better to see, or it is slow. */
  instead?: Omit<Where, 'free'> & {
    id: string;
    label: string;
    layers: Placement;
    why: 'tooBig' | 'halfContext' | 'noGain' | 'slow';
  };
}

type Why = NonNullable<Recommendation['instead']>['why'];
type Row = Candidate & { word: QualityWord; why?: Why };

/** Worst to best, so that words can be compared. */
const ladder: QualityWord[] = ['unknown', 'poor', 'fair', 'good', 'veryGood', 'nearLossless', 'lossless', 'original'];
const atLeast = (word: QualityWord, least: QualityWord): boolean => ladder.indexOf(word) >= ladder.indexOf(least);

/** Tokens per second that a person reads at, about: more is comfort, less is waiting. */
const readingSpeed = 6;
/** Fewer layers on the GPU than this share, and the processor decides how fast it is. */
const mostlyOnGpu = 0.75;

/**
 * The row to take. Rules (estimation.md 6, "Best quant"):
 * - The best quality that is wholly on the GPU, with room to spare before without, unless that room would cost a good one. Q6_K instead of Q8_0 (and so on) where the larger one
 *   would leave less than half the context; never F16 where Q8_0 is there, which nobody can tell apart and which is twice as fast.
 * - A poor one that fits gives way to a good one with three quarters of its layers on the GPU. Where none fits, the good one
 *   with the greatest share of its layers there, experts included.
 * - Without a GPU every token reads the weights from RAM: the best that is still as fast as people read, where the speed is known,
 *   else what is called good (Q4_K_M), which reads a quarter of F16's bytes.
 * Undefined when there is nothing that can be run at all.
 */
export function recommend(candidates: readonly Candidate[]): Recommendation | undefined {
  const rows = candidates
    .filter(({ quantization }) => quantization.unsupported === undefined)
    .map((row): Row => ({ ...row, word: quantizationQuality(row.quantization).word }))
    .sort((a, b) => compareQuality(ranked(a.quantization), ranked(b.quantization)) || b.quantization.size - a.quantization.size);
  const having = (...verdicts: Estimate['verdict'][]): Row[] => rows.filter(({ estimate }) => verdicts.includes(estimate.verdict));

  const partial = bestPartial(having('partial'));
  const roomy = worthIt(having('fits'));
  const hardly = worthIt(having('tight'));
  const worse = roomy && hardly && !atLeast(roomy.row.word, 'good') && atLeast(hardly.row.word, 'good');
  const best = roomy && !worse ? roomy : hardly;
  if (best) {
    const reason = best === roomy ? 'fitsBest' : 'tightBest';
    if (!atLeast(best.row.word, 'fair') && partial && atLeast(partial.word, 'good') && shareOnGpu(partial) >= mostlyOnGpu)
      return told(partial, 'partialBest', rows);
    return told(best.row, reason, rows, best.instead);
  }
  if (partial) return told(partial, 'partialBest', rows);
  const inRam = bestInRam(having('ram'));
  if (inRam) return told(inRam.row, 'ramBest', rows, inRam.instead);
  const smallest = rows.toSorted((a, b) => a.quantization.size - b.quantization.size)[0];
  return smallest && told(smallest, 'smallest', rows);
}

/** As `compareQuality` takes it. */
const ranked = ({ id, label, bitsPerWeight }: Quantization) => ({ label, bitsPerWeight, qat: badgesOf(id).includes('qat') });

interface Choice {
  row: Row;
  instead?: Row;
}

/** The first of rows that fit, best first, that is worth its bytes. */
function worthIt(rows: Row[]): Choice | undefined {
  let instead: Row | undefined;
  for (const [index, row] of rows.entries()) {
    const next = rows[index + 1];
    const why = next && notWorth(row, next);
    if (!why) return { row, ...(instead && { instead }) };
    instead = { ...row, why };
  }
}

/** Why the next row down is the better choice. */
function notWorth(row: Row, next: Row): Why | undefined {
  if (row.word === 'original' && atLeast(next.word, 'lossless')) return 'noGain';
  if (!atLeast(row.word, 'lossless') || !atLeast(next.word, 'nearLossless')) return undefined;
  // What the cache may grow into is the context there is: both rows take the same bytes for a token.
  return roomForCache(row) < roomForCache(next) / 2 ? 'halfContext' : undefined;
}

/** Every card takes its part of the cache: it grows until the first is full. */
function roomForCache({ estimate }: Row): number {
  const { gpu, cards = [{ free: estimate.free.gpu, needs: splitTotal(gpu) }] } = estimate;
  const growth = Math.min(...cards.map(({ free, needs }) => (free ?? Number.POSITIVE_INFINITY) / needs));
  return (growth - 1) * splitTotal(gpu) + gpu.kvCache;
}
/** A layer whose experts are in RAM waits for the processor like one that is there as a whole. */
const shareOnGpu = ({ estimate: { layers } }: Row): number => (layers.onGpu - (layers.expertsInRam ?? 0)) / layers.total;

function bestPartial(rows: Row[]): Row | undefined {
  const good = rows.filter(({ word }) => atLeast(word, 'good'));
  const [first, ...others] = good.length > 0 ? good : rows;
  return others.reduce((best, row) => (best && shareOnGpu(row) > shareOnGpu(best) ? row : best), first);
}

function bestInRam(rows: Row[]): Choice | undefined {
  const better = (row: Row, why: Why): { instead?: Row } => {
    const above = rows[rows.indexOf(row) - 1];
    return above ? { instead: { ...above, why: above.word === 'original' && atLeast(row.word, 'lossless') ? 'noGain' : why } } : {};
  };
  const [first, second] = rows;
  const sane = first?.word === 'original' && second && atLeast(second.word, 'lossless') ? rows.slice(1) : rows;
  const quick = sane.find(({ estimate: { speed } }) => speed && (speed.low + speed.high) / 2 >= readingSpeed);
  if (quick) return { row: quick, ...better(quick, 'slow') };
  // None is quick, or nobody knows: what is good and no larger than that, else the nearest better one, else the best of the rest.
  const good = sane.find(({ word }) => word === 'good') ?? sane.findLast(({ word }) => atLeast(word, 'good')) ?? first;
  return good && { row: good, ...better(good, 'slow') };
}

function told(row: Row, reason: Recommendation['reason'], rows: Row[], instead: Row | undefined = nextTooBig(row, rows)): Recommendation {
  const { quantization, estimate, word } = row;
  return {
    id: quantization.id,
    label: quantization.label,
    reason,
    quality: word,
    context: estimate.settings.contextSize,
    ...whereOf(estimate),
    layers: estimate.layers,
    ...(instead?.why && {
      instead: {
        id: instead.quantization.id,
        label: instead.quantization.label,
        ...whereOf(instead.estimate),
        layers: instead.estimate.layers,
        why: instead.why,
      },
    }),
  };
}

/** What it takes and what is free where it matters: on the fullest of several cards, on the GPU, or in RAM. */
function whereOf(estimate: Estimate): Where {
  const { layers, gpu, ram, free } = estimate;
  if (layers.onGpu === 0) return { needs: splitTotal(ram), free: free.ram };
  const card = fullestCard(estimate);
  return card ? { needs: card.needs, free: card.free, card: { id: card.id, name: card.name } } : { needs: splitTotal(gpu), free: free.gpu };
}

/** The next better row, where it was left because it does not fit as well. */
function nextTooBig(row: Row, rows: Row[]): Row | undefined {
  const above = rows[rows.indexOf(row) - 1];
  const worse: Estimate['verdict'][] = ['fits', 'tight', 'partial', 'ram', 'no'];
  return above && worse.indexOf(above.estimate.verdict) > worse.indexOf(row.estimate.verdict) ? { ...above, why: 'tooBig' } : undefined;
}
