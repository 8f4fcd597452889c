/** What an answer of the Hub that is not a success means to a person, and how long to wait. */
import { Fault } from '../../shared/result.ts';

/** Who was asked for what. */
export interface Asked {
  endpoint: string;
  /** `owner/name`, where one was asked for. */
  repo?: string | undefined;
  /** A token was sent. */
  token: boolean;
}

/**
 * The fault of a status that is neither success nor redirect. `X-Error-Code` decides, then `X-Error-Message`, then the status
 * (protocol 3.3). A 401 to a token always means the token: with a good one a gated model answers 403 and a missing one 404.
 */
export function statusFault(status: number, headers: Headers, { endpoint, repo, token }: Asked): Fault {
  const code = headers.get('x-error-code');
  const message = headers.get('x-error-message') ?? '';
  const named = repo ?? 'It';
  const missing = new Fault('hub.notFound', `${named} does not exist on the Hub, or it is private.`, { repo });
  const gated = new Fault('hub.gated', `${named} is gated: its page says how to get access.`, { repo, url: `${endpoint}/${repo ?? ''}` });
  const wrongToken = new Fault('hub.unauthorized', 'The Hub refuses the access token.');
  if (status === 401 && token) return wrongToken;
  if (code === 'GatedRepo') return gated;
  if (code === 'RevisionNotFound' || code === 'EntryNotFound')
    return new Fault('hub.notFound', `${named} has no such version or file any more.`, { repo, version: true });
  if (code?.endsWith('NotFound')) return missing;
  if (/invalid credentials/i.test(message)) return wrongToken;
  if (/disabled/i.test(message)) return new Fault('hub.notFound', `${named} was disabled by the Hub.`, { repo });
  // Who asks for no repository is told nothing of one: it is no hub, or one that lets nobody in without a token.
  if (status === 404 && !repo) return new Fault('hub.badAnswer', `${endpoint} does not answer like the Hub.`, { endpoint });
  if (status === 401 || status === 404) return repo ? missing : wrongToken;
  if (status === 403) return wrongToken;
  if (status === 429) return rateLimited(waitSeconds(headers) ?? 60);
  return new Fault('hub.server', `The Hub answers with an error (${status}).`, { status });
}

export const rateLimited = (seconds: number): Fault => new Fault('hub.rateLimited', `The Hub asks to wait ${seconds} s.`, { seconds });

/** The Hub's word on requests left: `RateLimit: "api";r=0;t=168` (protocol 3.5). */
export function requestsLeft(headers: Headers): { left: number; seconds: number } | undefined {
  const found = /;\s*r=(\d+)\s*;\s*t=(\d+)/.exec(headers.get('ratelimit') ?? '');
  return found ? { left: Number(found[1]), seconds: Number(found[2]) } : undefined;
}

/** How long an answer tells us to wait; undefined where it does not tell. */
export function waitSeconds(headers: Headers): number | undefined {
  const limit = requestsLeft(headers);
  if (limit?.left === 0) return limit.seconds + 1;
  const after = headers.get('retry-after');
  if (after === null) return undefined;
  const seconds = /^\d+$/.test(after) ? Number(after) : (Date.parse(after) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : undefined;
}
