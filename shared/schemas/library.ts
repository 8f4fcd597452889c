/** A model on disk, its shards and its projector. */
import * as z from 'zod/mini';

export const libraryModel = z.object({
  /** Path of its first file, relative to the models folder, with `/`. */
  id: z.string(),
  repo: z.string(),
  /** For people: the model's own name, else the repository's. */
  name: z.string(),
  label: z.string(),
  /** Relative paths, shards in order. */
  files: z.array(z.string()),
  projector: z.optional(z.string()),
  /** Bytes, projector included. */
  size: z.int(),
  architecture: z.string(),
  parameters: z.optional(z.number()),
  /** Tokens. */
  contextLength: z.int(),
  vision: z.boolean(),
  /** Thinking can be switched on and off by its chat template. */
  thinking: z.boolean(),
  /** The content's sha256 was compared with the Hub's. */
  verified: z.boolean(),
  /** Why it cannot be loaded, e.g. a missing shard. */
  problem: z.optional(z.enum(['missingShard', 'notGguf', 'truncated'])),
  /** ISO 8601. */
  addedAt: z.string(),
});
export type LibraryModel = z.infer<typeof libraryModel>;
