/** A model, its files and its quantizations as the Hub gives them to us, parsed and grouped. */
import * as z from 'zod/mini';
import { appError } from '../result.ts';
import { placement, verdict } from './memory.ts';

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
  /** `owner/name` of the model that this one was made from. */
  baseModel: z.optional(z.string()),
  /** `Qwen3.5`: what its sizes have in common. */
  family: z.string(),
  /** `9B`, `35B-A3B`, `0.8B`, `E4B`; absent where no name tells. */
  size: z.optional(z.string()),
  /** Calls tools, by its tags; the chat template decides. */
  tools: z.boolean(),
  /** Thinks before it answers, by its tags; the chat template decides. */
  reasoning: z.boolean(),
});
export type ModelSummary = z.infer<typeof modelSummary>;

export const searchPage = z.object({
  models: z.array(modelSummary),
  /** Hand it back to get the next page; absent on the last one. */
  next: z.optional(z.string()),
  /** ISO 8601: these rows were kept from an earlier answer of this moment. */
  cachedAt: z.optional(z.string()),
  /** Why fresh rows could not be had. */
  problem: z.optional(appError),
});
export type SearchPage = z.infer<typeof searchPage>;

export const searchSort = z.enum(['trending', 'downloads', 'likes', 'updated']);
export type SearchSort = z.infer<typeof searchSort>;

const billions = z.number().check(z.minimum(0), z.maximum(1_000_000));

/** What the Hub is asked for. */
export const searchQuestion = z.object({
  /** Words, `owner/name`, `owner/name:Q4_K_M` or a pasted address. */
  query: z.string().check(z.maxLength(200)),
  /** A page's `next`. */
  cursor: z.optional(z.string().check(z.maxLength(4096))),
  sort: z._default(searchSort, 'trending'),
  /** Of this publisher only. */
  author: z.optional(z.string().check(z.regex(/^[\w.-]{1,96}$/))),
  /** In billions. */
  parameters: z.optional(z.object({ min: z.optional(billions), max: z.optional(billions) })),
});
export type SearchQuestion = z.infer<typeof searchQuestion>;

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

/** Whether the licence allows commercial use; `unknown` where that is not plain. */
export const commercialUse = z.enum(['yes', 'no', 'unknown']);
export type CommercialUse = z.infer<typeof commercialUse>;

export const modelDetail = z.object({
  ...modelSummary.shape,
  /** The commit that everything below was read at (40 hex). */
  commit: z.string(),
  parameters: z.optional(z.number()),
  architecture: z.optional(z.string()),
  /** Tokens. */
  contextLength: z.optional(z.int()),
  /** Best quality first. */
  quantizations: z.array(quantization),
  /** The projector that goes with every quantization; absent: text only. */
  projector: z.optional(hubFile),
  /** As the card names them: `en`, `zh`, `multilingual`. */
  languages: z.array(z.string()),
  /** ISO 8601. */
  createdAt: z.optional(z.string()),
  /** ISO 8601: when `commit` was made. */
  lastCommitAt: z.optional(z.string()),
  /** What the Hub's scanners say of the files; absent where the Hub does not tell. */
  security: z.optional(z.enum(['safe', 'unsafe', 'unscanned'])),
  commercial: commercialUse,
  /** Its chat template offers tools to the model. */
  tools: z.boolean(),
  /** Its chat template can switch thinking on and off. */
  thinking: z.boolean(),
  /** Its chat template passes a system message on. */
  system: z.boolean(),
  /** The bundled llama.cpp knows its architecture, or the Hub does not tell which it is. */
  runnable: z.boolean(),
});
export type ModelDetail = z.infer<typeof modelDetail>;

/** A model in short, and the quantization to take on this machine. */
export const modelTraits = z.object({
  repo: z.string(),
  architecture: z.optional(z.string()),
  runnable: z.boolean(),
  parameters: z.optional(z.number()),
  /** Tokens. */
  contextLength: z.optional(z.int()),
  vision: z.boolean(),
  tools: z.boolean(),
  thinking: z.boolean(),
  system: z.boolean(),
  licence: z.optional(z.string()),
  commercial: commercialUse,
  /** The best quality that runs here, by real estimates; absent where none does. */
  best: z.optional(
    z.object({
      /** Its `id`. */
      quantization: z.string(),
      label: z.string(),
      /** Bytes. */
      size: z.int(),
      /** Bytes of memory, on the GPU and in RAM together, as a person would load it. */
      needs: z.number(),
      verdict,
      layers: placement,
    }),
  ),
});
export type ModelTraits = z.infer<typeof modelTraits>;

export const hubStatus = z.object({
  endpoint: z.string(),
  /** The built-in sample hub stands in for Hugging Face. */
  sample: z.boolean(),
  /** A token is set (it is never shown). */
  token: z.boolean(),
});
export type HubStatus = z.infer<typeof hubStatus>;
