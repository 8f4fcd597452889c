/** A model, its files and its quantizations as the Hub gives them to us, parsed and grouped. */
import * as z from 'zod/mini';

/** A row of the search results. Fields that the Hub left out are absent. */
export const modelSummary = z.object({
  /** `owner/name`. */
  id: z.string(),
  owner: z.string(),
  name: z.string(),
  /** In the last 30 days. */
  downloads: z.int(),
  likes: z.int(),
  /** ISO 8601. */
  updatedAt: z.optional(z.string()),
  gated: z.enum(['no', 'auto', 'manual']),
  licence: z.optional(z.string()),
  /** Takes pictures, by its tags; the files of the repository decide. */
  vision: z.boolean(),
});
export type ModelSummary = z.infer<typeof modelSummary>;

export const searchPage = z.object({
  models: z.array(modelSummary),
  /** Hand it back to get the next page; absent on the last one. */
  next: z.optional(z.string()),
});
export type SearchPage = z.infer<typeof searchPage>;

export const hubFile = z.object({
  path: z.string(),
  /** Bytes. */
  size: z.int(),
  /** Of the content, lower case; absent where the repository is gated or the file is plain git. */
  sha256: z.optional(z.string()),
});
export type HubFile = z.infer<typeof hubFile>;

export const quantization = z.object({
  /** Path of its first file: unique in the repository. */
  id: z.string(),
  /** `Q4_K_M`, `UD-Q4_K_XL`, ... or `?` where neither name nor header tells. */
  label: z.string(),
  /** In shard order; one for most. */
  files: z.array(hubFile),
  /** Bytes of all its files. */
  size: z.int(),
  /** Bits per weight by size and parameter count. */
  bitsPerWeight: z.optional(z.number()),
  /** Why this llama.cpp cannot run it. */
  unsupported: z.optional(z.enum(['ik', 'removed', 'bigEndian', 'byteSplit', 'incomplete', 'tooManyShards'])),
});
export type Quantization = z.infer<typeof quantization>;

export const modelDetail = z.object({
  ...modelSummary.shape,
  /** The commit that everything below was read at (40 hex). */
  commit: z.string(),
  baseModel: z.optional(z.string()),
  parameters: z.optional(z.number()),
  architecture: z.optional(z.string()),
  /** Tokens. */
  contextLength: z.optional(z.int()),
  /** Best quality first. */
  quantizations: z.array(quantization),
  /** The projector that goes with every quantization; absent: text only. */
  projector: z.optional(hubFile),
});
export type ModelDetail = z.infer<typeof modelDetail>;

export const hubStatus = z.object({
  endpoint: z.string(),
  /** The built-in sample hub stands in for Hugging Face. */
  sample: z.boolean(),
  /** A token is set (it is never shown). */
  token: z.boolean(),
});
export type HubStatus = z.infer<typeof hubStatus>;
