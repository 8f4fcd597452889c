/** What a model costs in memory, and whether this machine has it. All sizes in bytes. */
import * as z from 'zod/mini';
import { card } from './hardware.ts';

/** The two engines. */
export const backendName = z.enum(['node-llama-cpp', 'llama-server']);

/** Which engine a text model is to run in: `auto` is llama-server where it is built. Pictures need llama-server. */
export const engineChoice = z.enum(['auto', 'node-llama-cpp', 'llama-server']);
export type EngineChoice = z.infer<typeof engineChoice>;

export const kvType = z.enum(['f16', 'q8_0', 'q4_0']);
export type KvType = z.infer<typeof kvType>;

/** How the rotations that tell a model positions are slowed down, so that more of them fit. */
export const ropeWay = z.enum(['yarn', 'linear']);
export type RopeWay = z.infer<typeof ropeWay>;

/** Tokens that a picture costs at most: llama.cpp would spend up to 4,096 and 17 GiB on one without a cap. */
export const imageTokenCap = 1024;

/** How tokens are guessed ahead and checked several at once: by the model's own layers for it, or by a smaller model of the library. */
export const speculation = z.discriminatedUnion('type', [
  z.object({ type: z.literal('mtp') }),
  z.object({
    type: z.literal('draft'),
    /** Library id. */
    model: z.string(),
  }),
]);
export type Speculation = z.infer<typeof speculation>;

/**
 * A card that a model may use, by the `id` of `card`. `share`: its part of the layers on the GPU, against the sum of all shares; given
 * for every card or for none, which then get layers by the memory that is free on them. Shares: llama-server only.
 */
export const usedCard = z.object({ id: z.int().check(z.minimum(0), z.maximum(63)), share: z.optional(z.int().check(z.minimum(1), z.maximum(1000))) });
export type UsedCard = z.infer<typeof usedCard>;

/** The shares in the order of the ids; undefined where not every one of several cards has one. */
export function sharesOf(cards: readonly UsedCard[] = []): number[] | undefined {
  const shares = cards.toSorted((a, b) => a.id - b.id).flatMap(({ share }) => share ?? []);
  return shares.length > 1 && shares.length === cards.length ? shares : undefined;
}

/** The same cards, with layers by the memory that is free on them. */
export const withoutShares = (cards: readonly Pick<UsedCard, 'id'>[]): UsedCard[] => cards.map(({ id }) => ({ id }));

/** Those of the `cards` of a machine that a model may use. */
export const usedCards = <T extends { id: number }>(cards: readonly T[], used: readonly UsedCard[] | undefined): readonly T[] =>
  used ? cards.filter(({ id }) => used.some((one) => one.id === id)) : cards;

/** The settings that a load, and so an estimate, depends on. */
export const loadSettings = z.object({
  /** Tokens; llama.cpp rounds up to 256. */
  contextSize: z.int().check(z.minimum(256), z.maximum(16_777_216)),
  kvType,
  flashAttention: z.boolean(),
  /** Layers on the GPU, output layer included; `auto`: as many as fit. */
  gpuLayers: z.union([z.literal('auto'), z.int().check(z.minimum(0))]),
  /** Load the projector too, where there is one. */
  vision: z.boolean(),
  /** The cards to use, of several; absent: those that llama.cpp takes by itself. */
  cards: z.optional(
    z.array(usedCard).check(
      z.minLength(1),
      z.maxLength(16),
      z.refine((cards) => new Set(cards.map(({ id }) => id)).size === cards.length, 'A card is named twice'),
    ),
  ),
  /** Absent: `auto`. */
  engine: z.optional(engineChoice),
  /** Tokens that one picture costs at most; absent: `imageTokenCap`. */
  imageTokens: z.optional(z.int().check(z.minimum(64), z.maximum(4096))),
  /** Answers at the same time, which share the context; llama-server only. Absent: 1. */
  slots: z.optional(z.int().check(z.minimum(1), z.maximum(8))),
  /** llama-server only; absent: none. */
  speculation: z.optional(speculation),
  /** Threads to compute with, never more than there are cores; absent or `auto`: as many as cores, one for a tiny model. */
  threads: z.optional(z.union([z.literal('auto'), z.int().check(z.minimum(1), z.maximum(1024))])),
  /** Tokens processed at once; absent: 512. */
  batchSize: z.optional(z.int().check(z.minimum(128), z.maximum(4096))),
  /** The file is mapped instead of read; absent: it is read, as only then what is counted is what is taken. */
  mmap: z.optional(z.boolean()),
  /** The weights in RAM are kept from being swapped out; absent: they are not. */
  mlock: z.optional(z.boolean()),
  /** How a context beyond the model's own is reached, where its positions allow it; absent or `none`: it ends there. */
  ropeScaling: z.optional(z.enum(['none', ...ropeWay.options])),
  /** Base frequency of the positions in place of the model's own. */
  ropeFreqBase: z.optional(z.number().check(z.minimum(1), z.maximum(1e12))),
  /** Minutes without use after which it is ejected, 0: never; absent: as for all models. */
  keepMinutes: z.optional(z.int().check(z.minimum(0), z.maximum(10_080))),
});
export type LoadSettings = z.infer<typeof loadSettings>;

/** Whether they ask for what llama-server alone can do where it is not chosen: several answers at once, guessing ahead, or shares of several cards. */
export const asksForServer = ({ slots = 1, speculation, cards }: Pick<LoadSettings, 'slots' | 'speculation' | 'cards'>): boolean =>
  slots > 1 || speculation !== undefined || sharesOf(cards) !== undefined;

/** What an absent setting stands for, where a value says the same. */
export const usualLoad = {
  engine: 'auto',
  imageTokens: imageTokenCap,
  slots: 1,
  threads: 'auto',
  batchSize: 512,
  mmap: false,
  mlock: false,
  ropeScaling: 'none',
} as const satisfies Partial<LoadSettings>;

/** The settings without those that change how fast a model is, or how long it stays, but not what it takes. */
export function memorySettings({
  threads: _,
  mmap: _m,
  mlock: _l,
  ropeScaling: _s,
  ropeFreqBase: _b,
  keepMinutes: _k,
  ...settings
}: LoadSettings): LoadSettings {
  return settings;
}

export const defaultLoadSettings: LoadSettings = { contextSize: 16384, kvType: 'f16', flashAttention: true, gpuLayers: 'auto', vision: true };

/** Where the bytes go. */
export const memorySplit = z.object({ weights: z.number(), kvCache: z.number(), state: z.number(), compute: z.number(), projector: z.number() });
export type MemorySplit = z.infer<typeof memorySplit>;

/** Bytes of a split in all. */
export const splitTotal = (split: MemorySplit): number => split.weights + split.kvCache + split.state + split.compute + split.projector;

/**
 * Where the layers lie, the output layer counted: how many of all are on the GPU, and of how many, from the first on, the experts are
 * in RAM all the same (absent: of none).
 */
export const placement = z.object({ total: z.int(), onGpu: z.int(), expertsInRam: z.optional(z.int()) });
export type Placement = z.infer<typeof placement>;

/** Of how many layers the experts lie in RAM, and of how many they could: the output layer has none. Undefined where none do. */
export const expertsOf = ({ total, expertsInRam }: Placement): { experts: number; of: number } | undefined =>
  expertsInRam === undefined ? undefined : { experts: expertsInRam, of: total - 1 };

export const verdict = z.enum(['fits', 'tight', 'partial', 'ram', 'no']);
export type Verdict = z.infer<typeof verdict>;

export const freeMemory = z.object({
  /** Free video memory; null where the driver does not tell, 0 without a GPU. */
  gpu: z.nullable(z.number()),
  ram: z.number(),
});

export const estimate = z.object({
  /** `exact`: llama.cpp's own no-allocation answer; `about`: our closed form where it could not be asked, or its answer and our sum of experts in RAM. */
  basis: z.enum(['exact', 'about']),
  /** Whose bytes these are: the one that would run it now. */
  engine: backendName,
  settings: loadSettings,
  layers: placement,
  gpu: memorySplit,
  ram: memorySplit,
  free: freeMemory,
  /** What each of several cards, or the one that the settings name, would hold and has free, in bytes; absent: there is no choice, or it is not known which holds what. */
  cards: z.optional(z.array(z.object({ ...card.shape, needs: z.number() }))),
  verdict,
  /** Tokens that the model was made for. */
  trainContext: z.int(),
  /** How its context may be stretched beyond that, the better way first; absent: it cannot be. */
  ropeWays: z.optional(z.array(ropeWay)),
  /** By the tensor table: what the weights really take, whatever the label says. */
  bitsPerWeight: z.optional(z.number()),
  /** Tokens per second of an answer, a range; `measured`: by answers of this model here, else predicted. Absent where nothing honest can be said. */
  speed: z.optional(z.object({ low: z.number(), high: z.number(), measured: z.boolean() })),
});
export type Estimate = z.infer<typeof estimate>;

/** What one card would hold. */
export type CardNeeds = NonNullable<Estimate['cards']>[number];

/** The card that a model lies on with the least left, where cards are told apart. */
export function fullestCard({ cards = [] }: Pick<Estimate, 'cards'>): CardNeeds | undefined {
  const left = ({ free, total, needs }: CardNeeds): number => (free ?? total) - needs;
  return cards.filter(({ needs }) => needs > 0).toSorted((a, b) => left(a) - left(b))[0];
}

/**
 * The largest contexts in tokens that fit with every layer on the GPU, or with those that were chosen (without a GPU: in RAM), by KV
 * type; null: not even the smallest. `q4_0` only where it was asked for.
 */
export const contextLimits = z.object({ f16: z.nullable(z.int()), q8_0: z.nullable(z.int()), q4_0: z.optional(z.nullable(z.int())) });
export type ContextLimits = z.infer<typeof contextLimits>;
