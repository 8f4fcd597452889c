/** Which backends run on this machine, shown by having them run the built-in tiny model. */
import * as z from 'zod/mini';
import { appError } from '../result.ts';
import { visionProblem } from './engine.ts';
import { hardware } from './hardware.ts';
import { backendName } from './memory.ts';

/** One engine on one backend. */
export const selfTestRun = z.object({
  engine: backendName,
  state: z.enum(['waiting', 'running', 'passed', 'failed', 'skipped']),
  /** Milliseconds until it could answer. */
  loadMs: z.optional(z.number()),
  /** Of a long answer that was right to the letter. */
  tokensPerSecond: z.optional(z.number()),
  /** It named what a picture shows; absent where it was shown none. */
  saw: z.optional(z.boolean()),
  error: z.optional(appError),
  /** What it said instead of the right answer. */
  said: z.optional(z.string()),
  /** What building llama-server needs, of one that was skipped. */
  missing: z.optional(visionProblem),
});
export type SelfTestRun = z.infer<typeof selfTestRun>;

export const selfTestBackend = z.object({
  backend: hardware.shape.backend,
  /** `used`: a load takes it by itself; `works`: it could be; else why not. */
  state: z.enum(['waiting', 'running', 'used', 'works', 'failed', 'noDevice', 'notInstalled']),
  /** The card's name, or the processor's. */
  device: z.optional(z.string()),
  error: z.optional(appError),
  runs: z.array(selfTestRun),
});
export type SelfTestBackend = z.infer<typeof selfTestBackend>;

export const selfTestReport = z.object({ done: z.boolean(), backends: z.array(selfTestBackend) });
export type SelfTestReport = z.infer<typeof selfTestReport>;
