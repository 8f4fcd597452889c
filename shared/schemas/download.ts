/** The states of a download and its progress. */
import * as z from 'zod/mini';
import { appError } from '../result.ts';
import { hubFile } from './hub.ts';

export const downloadState = z.enum(['queued', 'running', 'verifying', 'paused', 'failed', 'done']);

/** One thing to the person: model, shards and projector together. */
export const downloadJob = z.object({
  id: z.string(),
  repo: z.string(),
  commit: z.string(),
  label: z.string(),
  /** Path of the quantization's first file. */
  quantization: z.string(),
  files: z.array(z.object({ ...hubFile.shape, received: z.int() })),
  state: downloadState,
  /** Bytes, of all files. */
  size: z.int(),
  received: z.int(),
  /** Bytes that the hash has read while `verifying`. */
  verified: z.int(),
  /** Bytes per second over the last 5 s. */
  rate: z.number(),
  /** null while it cannot be told. */
  secondsLeft: z.nullable(z.number()),
  error: z.optional(appError),
  /** ISO 8601. */
  createdAt: z.string(),
});
export type DownloadJob = z.infer<typeof downloadJob>;
