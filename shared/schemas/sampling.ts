/** How words are drawn. */
import * as z from 'zod/mini';

/** The least and the most of each value. */
export const samplingRanges = {
  temperature: { min: 0, max: 2 },
  topK: { min: 0, max: 1000 },
  topP: { min: 0, max: 1 },
  minP: { min: 0, max: 1 },
  repeatPenalty: { min: 0.5, max: 2 },
  presencePenalty: { min: -2, max: 2 },
  seed: { min: -1, max: 2 ** 31 - 1 },
  maxTokens: { min: 0, max: 1_000_000 },
} as const;

type Range = { min: number; max: number };
const number = ({ min, max }: Range) => z.optional(z.number().check(z.minimum(min), z.maximum(max)));
const whole = ({ min, max }: Range) => z.optional(z.int().check(z.minimum(min), z.maximum(max)));

export const sampling = z.object({
  /** 0 always takes the likeliest word, whatever the rest says. */
  temperature: number(samplingRanges.temperature),
  /** Only so many of the likeliest words are drawn from; 0: all. */
  topK: whole(samplingRanges.topK),
  /** Only the likeliest words whose probabilities together come to this; 1: all. */
  topP: number(samplingRanges.topP),
  /** Only words that have at least this share of the likeliest one's probability; 0: all. */
  minP: number(samplingRanges.minP),
  /** Makes each of the last words less likely, by this factor; 1: as likely as ever. */
  repeatPenalty: number(samplingRanges.repeatPenalty),
  /** Taken once from each of the last words, however often it came; less than 0 favours them. */
  presencePenalty: number(samplingRanges.presencePenalty),
  /** The same seed draws the same words; -1: another one for every answer. */
  seed: whole(samplingRanges.seed),
  /** Tokens of an answer, thinking included; 0: as long as the context lasts. */
  maxTokens: whole(samplingRanges.maxTokens),
});
export type Sampling = z.infer<typeof sampling>;

/** Every value of it decided. */
export type WholeSampling = { [K in keyof Sampling]-?: NonNullable<Sampling[K]> };

/** llama.cpp's own. */
export const defaultSampling: WholeSampling = {
  temperature: 0.8,
  topK: 40,
  topP: 0.95,
  minP: 0.05,
  repeatPenalty: 1,
  presencePenalty: 0,
  seed: -1,
  maxTokens: 0,
};
