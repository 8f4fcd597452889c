/** How words are drawn. */
import * as z from 'zod/mini';

export const sampling = z.object({
  /** 0 always takes the likeliest word, whatever the rest says. */
  temperature: z.optional(z.number().check(z.minimum(0), z.maximum(2))),
  /** Only so many of the likeliest words are drawn from; 0: all. */
  topK: z.optional(z.int().check(z.minimum(0), z.maximum(1000))),
  /** Only the likeliest words whose probabilities together come to this; 1: all. */
  topP: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
  /** Only words that have at least this share of the likeliest one's probability; 0: all. */
  minP: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
  /** Makes each of the last words less likely, by this factor; 1: as likely as ever. */
  repeatPenalty: z.optional(z.number().check(z.minimum(0.5), z.maximum(2))),
  /** Taken once from each of the last words, however often it came; less than 0 favours them. */
  presencePenalty: z.optional(z.number().check(z.minimum(-2), z.maximum(2))),
  /** The same seed draws the same words; -1: another one for every answer. */
  seed: z.optional(z.int().check(z.minimum(-1), z.maximum(2 ** 31 - 1))),
  /** Tokens of an answer, thinking included; 0: as long as the context lasts. */
  maxTokens: z.optional(z.int().check(z.minimum(0), z.maximum(1_000_000))),
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
