/** Rate limits as the Hub counts them: three buckets in a fixed window, told on every answer (protocol 3.5). */

export type Bucket = 'api' | 'resolvers' | 'pages';
export type Quotas = Record<Bucket, number> & { /** Length of the window in seconds. */ window: number };

/** What an anonymous address may ask for in five minutes. */
export const anonymousQuotas: Quotas = { api: 500, resolvers: 3000, pages: 100, window: 300 };

/** Which bucket a path is paid from. */
export function bucketOf(pathname: string): Bucket {
  if (/^\/api\/resolve-cache\/|^\/[^/]+\/[^/]+\/(resolve|raw)\//.test(pathname)) return 'resolvers';
  return pathname.startsWith('/api/') ? 'api' : 'pages';
}

/** The two headers that say how much is left. Seconds until the window ends in `t`. */
export function rateLimitHeaders(bucket: Bucket, left: number, seconds: number, quotas: Quotas): Record<string, string> {
  return {
    RateLimit: `"${bucket}";r=${left};t=${seconds}`,
    'RateLimit-Policy': `"fixed window";"${bucket}";q=${quotas[bucket]};w=${quotas.window}`,
  };
}

/** What the Hub says to who asked too often. */
export const tooOften = (bucket: Bucket, quota: number) =>
  `We had to rate limit you, you hit the quota of ${quota} ${bucket} requests per 5 minutes period. Upgrade to a PRO user or Team/Enterprise organization account (https://hf.co/pricing) to get higher limits. See https://huggingface.co/docs/hub/rate-limits`;

/** Counts requests for real. `now` in ms; `who` is a token or an address. */
export function createLimits(quotas: Quotas, now: () => number) {
  const used = new Map<string, { window: number; count: number }>();
  return (who: string, bucket: Bucket): { left: number; seconds: number; refused: boolean } => {
    const seconds = now() / 1000;
    const window = Math.floor(seconds / quotas.window);
    const key = `${who} ${bucket}`;
    const before = used.get(key);
    const count = (before?.window === window ? before.count : 0) + 1;
    used.set(key, { window, count });
    const left = quotas[bucket] - count;
    return { left: Math.max(0, left), seconds: Math.ceil((window + 1) * quotas.window - seconds), refused: left < 0 };
  };
}
