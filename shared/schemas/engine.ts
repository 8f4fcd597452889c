/** The engine as a person sees it: which model, how far, what it really took. */
import * as z from 'zod/mini';
import { appError } from '../result.ts';
import { backendName, loadSettings, memorySplit } from './memory.ts';

/** What building llama-server lacks. */
export const serverProblem = z.enum(['cmake', 'compiler', 'git', 'libraries', 'build']);
export type ServerProblem = z.infer<typeof serverProblem>;

/** Why pictures cannot be sent: no projector, not wanted, or llama-server cannot be built. */
export const visionProblem = z.enum(['noProjector', 'off', ...serverProblem.options]);
export type VisionProblem = z.infer<typeof visionProblem>;

/** How an engine process came to its end when nobody asked it to. */
export const crashCause = z.enum([
  'memoryKiller',
  'noMemory',
  'killed',
  'deviceLost',
  'badMemory',
  'aborted',
  'badInstruction',
  'fileLost',
  'missingLibrary',
  'notStarted',
  'unknown',
]);
export type CrashCause = z.infer<typeof crashCause>;

export const loadedModel = z.object({
  backend: backendName,
  settings: loadSettings,
  /** Tokens. */
  contextSize: z.int(),
  layers: z.object({ total: z.int(), onGpu: z.int() }),
  /** Pictures can be sent. */
  vision: z.boolean(),
  /** Thinking can be switched by the chat template. */
  thinking: z.boolean(),
  /** Answers that it gives at the same time; absent: one. */
  slots: z.optional(z.int()),
  /** Asked to keep the weights from being swapped out, the system did not let llama.cpp do so, or not for all of them. */
  unlocked: z.optional(z.boolean()),
  /** What llama.cpp allocated, where it tells; a mapped file in RAM is the system's cache, which gives way, and does not count. */
  memory: z.optional(z.object({ gpu: memorySplit, ram: memorySplit })),
});
export type LoadedModel = z.infer<typeof loadedModel>;

/** A way down from a load that failed: what was changed, from what to what, and what there was too little of. */
export const ladderStep = z.object({
  change: z.enum(['speculation', 'batch', 'cache', 'projector', 'experts', 'context', 'layers', 'backend']),
  /** Tokens of batch and context, layers, or the name of a cache type, a place (`gpu`, `ram`), a backend or a way to guess ahead (`none`: no more). */
  from: z.union([z.string(), z.number()]),
  to: z.union([z.string(), z.number()]),
  why: z.enum(['gpu', 'ram', 'memory', 'device']),
});
export type LadderStep = z.infer<typeof ladderStep>;

/**
 * A setting that was asked for and does not hold, of `cards` their shares: llama-server could not be built for it, the `otherEngine`
 * was chosen, or there is nothing to guess with.
 */
export const unmet = z.object({
  setting: z.enum(['engine', 'slots', 'speculation', 'cards']),
  why: z.enum([...serverProblem.options, 'otherEngine', 'noGuesser']),
});
export type Unmet = z.infer<typeof unmet>;

/** The settings that a load was asked for with. */
const asked = loadSettings;

/** Loads that failed before this one, oldest first; absent: none. */
const steps = z.optional(z.array(ladderStep));

/** A model that is loaded and answers when it is chosen. */
export const otherModel = z.object({ modelId: z.string(), asked, model: loadedModel, answering: z.boolean() });
export type OtherModel = z.infer<typeof otherModel>;

/** A model that went, why, and what came back. */
export const ejection = z.object({
  modelId: z.string(),
  /** Bytes: of RAM what its processes held, of video memory what the driver then had more of. Absent until it is known. */
  freed: z.optional(z.object({ ram: z.number(), gpu: z.optional(z.number()) })),
  /** Nobody had used it for so many minutes. */
  unusedMinutes: z.optional(z.number()),
  /** The model that is loaded now needed its room. */
  forRoom: z.optional(z.boolean()),
});
export type Ejection = z.infer<typeof ejection>;

const beside = {
  /** Further models that are loaded, the last used first; absent: none. */
  others: z.optional(z.array(otherModel)),
  /** Those that went since the last load was asked for; absent: none. */
  ejected: z.optional(z.array(ejection)),
};

/** The model that the next message is answered by, and those beside it. */
export const engineState = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('idle'),
    /** The model that the next message would load. */
    last: z.optional(z.string()),
    ...beside,
  }),
  z.object({
    status: z.literal('loading'),
    modelId: z.string(),
    asked,
    stage: z.enum(['building', 'starting', 'loading']),
    /** 0 to 1 within the stage. */
    progress: z.number(),
    steps,
    ...beside,
  }),
  z.object({
    status: z.literal('ready'),
    modelId: z.string(),
    asked,
    model: loadedModel,
    /** What was said before the load that it would take. */
    predicted: z.optional(z.object({ gpu: memorySplit, ram: memorySplit })),
    visionProblem: z.optional(visionProblem),
    /** Absent: everything holds, but for the `steps`. */
    unmet: z.optional(z.array(unmet)),
    answering: z.boolean(),
    /** What had to be changed to load it, now or (`remembered`) the last time. */
    steps,
    remembered: z.optional(z.boolean()),
    ...beside,
  }),
  z.object({
    status: z.literal('failed'),
    modelId: z.string(),
    error: appError,
    steps,
    /** The last lines that llama.cpp wrote. */
    lastLines: z.optional(z.array(z.string())),
    ...beside,
  }),
]);
export type EngineState = z.infer<typeof engineState>;
