/** What the command line says in whole sentences: faults, verdicts and recommendations, in English. */
import { createFormat } from '../../shared/format.ts';
import errors from '../../shared/i18n/en/errors.json' with { type: 'json' };
import type { Recommendation } from '../../shared/recommend.ts';
import { type AppError, type ErrorCode, toAppError } from '../../shared/result.ts';
import { type Estimate, expertsOf, type Placement } from '../../shared/schemas/memory.ts';

const format = createFormat('en-GB');

/** The page's sentences for these speak of its buttons; the fault's own message says what is wrong. */
const plain = new Set(['library.notFound', 'settings.invalid', 'internal', 'cancelled']);

/** What is done by an option here. */
const own: Partial<Record<ErrorCode, string>> = {
  'library.binFull': 'There is no room left on the disk, not even for the bin. Free some space, then try again, or delete the model at once with --for-good.',
};

/** What went wrong and what to do: the sentence that the page has for it, filled from its data, else its message. */
export function faultSentence(error: unknown): string {
  const fault = toAppError(error);
  if (fault.code === 'internal') return error instanceof Error ? error.message : String(error);
  if (own[fault.code]) return own[fault.code]!;
  const sentence = fault.code.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], errors);
  if (plain.has(fault.code) || typeof sentence !== 'string') return fault.message;
  const values = valuesOf(fault);
  const filled = sentence.replace(/\{\{(\w+)\}\}/g, (hole, key: string) => String(values[key] ?? hole));
  return filled.includes('{{') ? fault.message : filled;
}

/** The same for programs: the code of shared/result.ts, with its data. */
export function faultReport(error: unknown): { code: ErrorCode; message: string; details: Record<string, unknown> | null } {
  const { code, data = null } = toAppError(error);
  return { code, message: faultSentence(error), details: data };
}

function valuesOf({ data = {}, message }: AppError): Record<string, unknown> {
  const values: Record<string, unknown> = { reason: message, ...data };
  if (typeof data.file === 'string') values.file = data.file.replace(/^.*[\\/]/, '');
  if (typeof data.missing === 'number') values.missing = format.fileSize(data.missing);
  if (typeof data.endpoint === 'string') values.endpoint = data.endpoint.replace(/^https?:\/\//, '');
  return values;
}

/** Whether it runs here, and how. */
export function verdictSentence({ verdict, layers, settings, free }: Estimate): string {
  const at = `at ${format.count(settings.contextSize)} tokens`;
  const moved = expertsOf(layers);
  return {
    fits: `Fits: all ${layers.total} layers on the GPU ${at}.`,
    tight: `Tight: all ${layers.total} layers on the GPU ${at}, ${hardly(free.gpu)}.`,
    partial: moved
      ? `In part: all ${layers.total} layers on the GPU ${at}, the experts of ${moved.experts} of ${moved.of} in RAM, which is slower.`
      : `In part: ${layers.onGpu} of ${layers.total} layers on the GPU ${at}, the others in RAM, which is slower.`,
    ram: `In RAM, without the GPU, ${at}.`,
    no: `Does not fit ${at}.`,
  }[verdict];
}

/** Why a model that is there as a whole is called tight. */
const hardly = (free: number | null): string => (free === null ? 'but nobody can tell how much of it is free' : 'with hardly anything left');

/** How fast an answer comes. */
export function speedSentence({ low, high, measured }: NonNullable<Estimate['speed']>): string {
  const range = format.speed(low) === format.speed(high) ? format.speed(low) : `${format.speed(low)} to ${format.speed(high)}`;
  return measured ? `Measured here: ${range}.` : `Predicted: ${range}.`;
}

/** Why this one of all. */
export function recommendationSentence({ reason, label, context, needs, free, card, layers, instead }: Recommendation): string {
  const at = `at ${format.count(context)} tokens`;
  const bytes = `${format.memory(needs)}${free === null ? '' : ` of ${format.memory(free)} free`}${card ? ` on card #${card.id + 1}` : ''}`;
  const moved = expertsOf(layers);
  const there = moved ? `all layers there and the experts of ${moved.experts} of ${moved.of} in RAM` : `${layers.onGpu} of ${layers.total} layers there`;
  const why = {
    fitsBest: `${label} is the best that is wholly on the GPU ${at} (${bytes}).`,
    tightBest: `${label} is the best that is wholly on the GPU ${at}, ${hardly(free)} (${bytes}).`,
    partialBest: `Nothing good fits the GPU wholly ${at}; ${label} does best, with ${there}.`,
    ramBest: `There is no GPU that holds it ${at}; ${label} is good and not too slow in RAM (${bytes}).`,
    smallest: `Nothing fits ${at}; ${label} is the smallest (${bytes}).`,
  }[reason];
  if (!instead) return why;
  const other = {
    tooBig: `${instead.label} ${tooBig(instead.layers)}.`,
    halfContext: `${instead.label} would leave less than half the context.`,
    noGain: `${instead.label} takes ${format.memory(instead.needs)} and is no better to see.`,
    slow: `${instead.label} would be slower.`,
  }[instead.why];
  return `${why} ${other}`;
}

function tooBig(layers: Placement): string {
  const moved = expertsOf(layers);
  if (moved) return `would have the experts of ${moved.experts} of ${moved.of} layers in RAM`;
  return layers.onGpu > 0 ? `would have ${layers.onGpu} of ${layers.total} layers there` : 'does not fit';
}
