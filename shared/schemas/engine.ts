/** The engine as a person sees it: which model, how far, what it really took. */
import * as z from 'zod/mini';
import { appError } from '../result.ts';
import { loadSettings, memorySplit } from './memory.ts';

export const backendName = z.enum(['node-llama-cpp', 'llama-server']);

/** Why pictures cannot be sent: no projector, or a tool that building the vision engine needs. */
export const visionProblem = z.enum(['noProjector', 'off', 'cmake', 'compiler', 'git', 'libraries', 'build']);
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
  /** What llama.cpp allocated, where it tells. */
  memory: z.optional(z.object({ gpu: memorySplit, ram: memorySplit })),
});
export type LoadedModel = z.infer<typeof loadedModel>;

export const engineState = z.discriminatedUnion('status', [
  z.object({ status: z.literal('idle') }),
  z.object({
    status: z.literal('loading'),
    modelId: z.string(),
    stage: z.enum(['building', 'starting', 'loading']),
    /** 0 to 1 within the stage. */
    progress: z.number(),
  }),
  z.object({
    status: z.literal('ready'),
    modelId: z.string(),
    model: loadedModel,
    /** What was said before the load that it would take. */
    predicted: z.optional(z.object({ gpu: memorySplit, ram: memorySplit })),
    visionProblem: z.optional(visionProblem),
    answering: z.boolean(),
  }),
  z.object({ status: z.literal('failed'), modelId: z.string(), error: appError }),
]);
export type EngineState = z.infer<typeof engineState>;
