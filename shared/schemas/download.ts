/** The states of a download and its progress. */
import * as z from 'zod/mini';
import { appError } from '../result.ts';
import { hubFile } from './hub.ts';

export const downloadState = z.enum(['queued', 'running', 'verifying', 'paused', 'failed', 'done']);

/** What a queued job waits for, besides its turn. */
export const downloadWait = z.discriminatedUnion('for', [
  /** The hours in which downloads run; ISO 8601. */
  z.object({ for: z.literal('schedule'), until: z.string() }),
  /** The hub that it came from is not the one in use. */
  z.object({ for: z.literal('hub'), endpoint: z.string() }),
  /** Another job fetches this file, path in the repository. */
  z.object({ for: z.literal('file'), path: z.string() }),
  /** The models folder is on its way to another place. */
  z.object({ for: z.literal('move') }),
]);
export type DownloadWait = z.infer<typeof downloadWait>;

/** One thing to the person: model, shards and projector together. */
export const downloadJob = z.object({
  id: z.string(),
  /** The hub that it comes from; absent in lists of older versions. */
  endpoint: z.optional(z.string()),
  repo: z.string(),
  commit: z.string(),
  label: z.string(),
  /** Path of the quantization's first file. */
  quantization: z.string(),
  files: z.array(z.object({ ...hubFile.shape, received: z.int() })),
  state: downloadState,
  /** Only while `queued`; absent: its turn. */
  waiting: z.optional(downloadWait),
  /** Bytes, of all files. */
  size: z.int(),
  received: z.int(),
  /** Bytes that the hash has read while `verifying`. */
  verified: z.int(),
  /** Bytes per second over the last 5 s. */
  rate: z.number(),
  /** null while it cannot be told. */
  secondsLeft: z.nullable(z.number()),
  /** Connections that broke off and are being made again, while `running`. */
  reconnecting: z._default(z.int(), 0),
  error: z.optional(appError),
  /** ISO 8601. */
  createdAt: z.string(),
});
export type DownloadJob = z.infer<typeof downloadJob>;
