/** How the app reaches the Hub, as far as a page may know it: no secret is in here. */
import * as z from 'zod/mini';

export const networkStatus = z.object({
  /** The Hub that settings and environment name, whether or not the sample hub stands in for it. */
  endpoint: z.string(),
  /** Where the Hub's token comes from: the person gave it, HF_TOKEN, or there is none. */
  token: z.enum(['stored', 'environment', 'none']),
  /** When a request last carried a token since the start; ISO 8601. */
  tokenUsedAt: z.nullable(z.string()),
  /** The proxy in use, without its password; null: none. */
  proxy: z.nullable(z.string()),
  proxyPassword: z.boolean(),
  /** Where secrets are kept: sealed by the system, or in a file that only this user can read. */
  keptIn: z.enum(['system', 'file']),
});
export type NetworkStatus = z.infer<typeof networkStatus>;

export const networkTest = z.discriminatedUnion('what', [
  z.object({ what: z.literal('hub'), endpoint: z.string() }),
  /** Whose token it is. */
  z.object({ what: z.literal('token'), name: z.string() }),
  /** null: without a proxy. */
  z.object({ what: z.literal('proxy'), proxy: z.nullable(z.string()), endpoint: z.string() }),
  z.object({ what: z.literal('certificates'), count: z.int(), endpoint: z.string() }),
]);
export type NetworkTest = z.infer<typeof networkTest>;

export const networkQuestion = z.enum(['hub', 'token', 'proxy', 'certificates']);
export type NetworkQuestion = z.infer<typeof networkQuestion>;
