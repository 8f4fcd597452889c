/** The Hub as the app asks it: JSON of the API, and where the bytes of a file are. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../shared/result.ts';
import { rateLimited, requestsLeft, statusFault, waitSeconds } from './faults.ts';
import { checkTarget, type HubAddress, redirectTarget } from './redirects.ts';
import { createTransport, drop, type HttpAnswer, readBody, type Transport } from './transport.ts';

export type { HubAddress } from './redirects.ts';

/** Where a file's bytes are, for the time that the link lives. */
export interface ResolvedFile {
  url: string;
  /** Bytes. */
  size: number;
  /** Of the content, lower case; absent for a plain git file. */
  sha256?: string;
  /** 40 hex: what the answer is from. */
  commit: string;
  /** Milliseconds since 1970, by the Hub's clock; absent where the link does not say. */
  expiresAt?: number;
}

interface RepoFile {
  repo: string;
  commit: string;
  path: string;
}

export interface Hub {
  readonly endpoint: string;
  /** A token is set. */
  readonly token: boolean;
  /** When a request last carried a token, in `Date.now()` ms. */
  readonly tokenUsedAt: number | undefined;
  /** Goes over to another Hub; requests under way end where they began. */
  use(address: HubAddress): void;
  /**
   * Asks the API (`path` begins with `/api/`) and parses its JSON. `repo` names the model in faults: `hub.unreachable`, `hub.unauthorized`,
   * `hub.gated`, `hub.offline`, `hub.notFound`, `hub.rateLimited`, `hub.server`, `hub.badAnswer`, `hub.refusedRedirect`, `cancelled`.
   */
  json(
    path: string,
    query: readonly (readonly [name: string, value: string])[],
    signal: AbortSignal,
    repo?: string,
  ): Promise<{ body: unknown; headers: Headers }>;
  /** Finds a file's bytes without reading them. Costs one request of the Hub's "resolvers" budget. Faults as of `json`. */
  resolve(file: RepoFile, signal: AbortSignal): Promise<ResolvedFile>;
  /**
   * Requests the bytes at a resolved URL and gives whatever status comes: 206 for a range, 403 where the link has expired,
   * 400 where the file is too big for plain HTTP, 416 past the end. Redirects are checked and followed. `range` has both ends included. `lend`: each piece of the body is good until the next is read.
   */
  get(url: string, options: { range?: { start: number; end?: number } | undefined; lend?: boolean; signal: AbortSignal }): Promise<HttpAnswer>;
}

const maxHops = 5;
const jsonLimit = 32 * 2 ** 20;
const jsonTimeoutMs = 60_000;
/** Longer waits are told to the person instead. */
const longestWaitSeconds = 10;
const tries = 3;
const bareTries = 5;

/** A client of the Hub at `address`. `backOffMs` is the first pause before a retry; each next one is twice as long. */
export function createHub(address: HubAddress, { backOffMs = 500, transport = createTransport() }: { backOffMs?: number; transport?: Transport } = {}): Hub {
  let current = clean(address);
  /** When a budget that was used up is full again, in `Date.now()` ms. */
  const fullAt = new Map<string, number>();
  let tokenUsedAt: number | undefined;
  /** The token of `from`, for its own origin alone. */
  const tokenFor = ({ endpoint, token }: HubAddress, url: URL): { origin: string; value: string } | undefined => {
    const { origin } = new URL(endpoint);
    if (token === undefined || url.origin !== origin) return undefined;
    // The error of whoever builds the header would tell it.
    if (!/^[\x21-\x7e]+$/.test(token)) throw new Fault('hub.unauthorized', 'The access token has characters that no token has.');
    tokenUsedAt = Date.now();
    return { origin, value: token };
  };

  /** One request of the Hub's own origin, again on errors that pass. */
  async function ask(from: HubAddress, method: 'GET' | 'HEAD', url: URL, signal: AbortSignal, repo?: string): Promise<HttpAnswer> {
    stayOffline(from);
    const home = new URL(from.endpoint);
    const token = tokenFor(from, url);
    const budget = `${home.origin} ${url.pathname.includes('/api/') ? 'api' : 'resolvers'}`;
    await pauseFor(Math.ceil(((fullAt.get(budget) ?? 0) - Date.now()) / 1000), signal);
    for (let attempt = 1; ; attempt++) {
      const answer = await transport({ method, url, token, signal }).catch((error: unknown) => {
        if (attempt >= tries || !(error instanceof Fault && error.code === 'hub.unreachable')) throw error;
        return undefined;
      });
      const left = answer && requestsLeft(answer.headers);
      if (left?.left === 0) fullAt.set(budget, Date.now() + (left.seconds + 1) * 1000);
      if (answer && answer.status < 400) return answer;
      if (answer) {
        await drop(answer);
        if (method === 'HEAD' && (answer.status === 405 || answer.status === 501)) return answer;
        const fault = statusFault(answer.status, answer.headers, { endpoint: from.endpoint, repo, token: token !== undefined });
        const passing = answer.status === 429 || answer.status === 408 || answer.status >= 500;
        if (!passing || attempt >= (answer.status === 429 ? bareTries : tries)) throw fault;
        const told = waitSeconds(answer.headers);
        if (told !== undefined) {
          await pauseFor(told, signal);
          continue;
        }
      }
      await pause(backOffMs * 2 ** (attempt - 1) * (1 + Math.random() / 4), signal);
    }
  }

  /** Follows redirects within the Hub's own origin; gives the last answer and where it came from, and a checked target elsewhere. */
  async function walk(from: HubAddress, first: 'GET' | 'HEAD', start: URL, signal: AbortSignal, seen: (answer: HttpAnswer) => void, repo?: string) {
    let url = start;
    let method = first;
    for (let hop = 0; hop <= maxHops; hop++) {
      const answer = await ask(from, method, url, signal, repo);
      if (answer.status === 405 || answer.status === 501) {
        method = 'GET';
        continue;
      }
      seen(answer);
      const location = answer.headers.get('location');
      if (answer.status < 300 || location === null) return { answer, url };
      await drop(answer);
      const target = redirectTarget(location, url, from);
      if (target.origin !== url.origin) return { answer, url: target };
      url = target;
    }
    throw new Fault('hub.refusedRedirect', 'The Hub redirects in a circle.', { host: start.host });
  }

  return {
    get endpoint() {
      return current.endpoint;
    },
    get token() {
      return current.token !== undefined;
    },
    get tokenUsedAt() {
      return tokenUsedAt;
    },
    use(next) {
      current = clean(next);
    },

    async json(path, query, signal, repo) {
      const from = current;
      const start = new URL(from.endpoint + path);
      for (const [name, value] of query) start.searchParams.append(name, value);
      const timed = AbortSignal.any([signal, AbortSignal.timeout(jsonTimeoutMs)]);
      const { answer, url } = await walk(from, 'GET', start, timed, () => {}, repo);
      if (answer.status !== 200 || url.origin !== start.origin) {
        await drop(answer);
        throw url.origin === start.origin ? notTheHub(from) : new Fault('hub.refusedRedirect', `The Hub's API leads to ${url.host}.`, { host: url.host });
      }
      const bytes = await readBody(answer, jsonLimit, url, timed);
      return { body: parseJson(bytes, from), headers: answer.headers };
    },

    async resolve({ repo, commit, path }, signal) {
      const from = current;
      const start = new URL(`${from.endpoint}/${encodePath(repo)}/resolve/${encodeURIComponent(commit)}/${encodePath(path)}`);
      // A redirect within the Hub may tell what the last answer does not.
      const told = new Headers();
      const { answer, url } = await walk(
        from,
        'HEAD',
        start,
        signal,
        ({ headers }) => {
          for (const name of ['x-linked-size', 'x-linked-etag', 'x-repo-commit']) if (headers.has(name)) told.set(name, headers.get(name)!);
        },
        repo,
      );
      await drop(answer);
      const redirected = answer.status >= 300;
      const size = Number(told.get('x-linked-size') ?? (redirected ? '' : answer.headers.get('content-length')) ?? '');
      const at = told.get('x-repo-commit') ?? '';
      // A captive portal answers anything with its own page.
      if (!/^[0-9a-f]{40}$/.test(at) || !Number.isSafeInteger(size) || size <= 0) throw notTheHub(from);
      const sha256 = /^(?:W\/)?"?([0-9a-f]{64})"?$/i.exec(told.get('x-linked-etag') ?? '')?.[1]?.toLowerCase();
      const expires = Number(url.searchParams.get('Expires') ?? Number.NaN);
      return {
        url: url.href,
        size,
        commit: at,
        ...(sha256 !== undefined && { sha256 }),
        ...(Number.isSafeInteger(expires) && expires > 0 && { expiresAt: expires * 1000 }),
      };
    },

    async get(href, { range, lend, signal }) {
      const from = current;
      stayOffline(from);
      const home = new URL(from.endpoint);
      let url = new URL(href);
      checkTarget(url, home, from);
      for (let hop = 0; hop <= maxHops; hop++) {
        const answer = await transport({ method: 'GET', url, range, token: tokenFor(from, url), lend, signal });
        const location = answer.headers.get('location');
        if (answer.status < 300 || answer.status >= 400 || location === null) return answer;
        await drop(answer);
        url = redirectTarget(location, url, from);
      }
      throw new Fault('hub.refusedRedirect', 'The redirects of a file never end.', { host: url.host });
    },
  };
}

function stayOffline({ offline }: HubAddress): void {
  if (offline) throw new Fault('hub.offline', 'Offline by choice (HF_HUB_OFFLINE is set).');
}

const clean = (address: HubAddress): HubAddress => ({ ...address, endpoint: address.endpoint.replace(/\/+$/, ''), token: address.token || undefined });

/** Percent-encodes the segments of a path, keeping its slashes. */
const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

function parseJson(bytes: Uint8Array, { endpoint }: HubAddress): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new Fault('hub.badAnswer', `${endpoint} does not answer like the Hub.`, { endpoint }, error);
  }
}

const notTheHub = ({ endpoint }: HubAddress): Fault => new Fault('hub.badAnswer', `${endpoint} does not answer like the Hub.`, { endpoint });

/** Waits as long as the Hub asks, or says so where that is long. */
async function pauseFor(seconds: number, signal: AbortSignal): Promise<void> {
  if (seconds <= 0) return;
  if (seconds > longestWaitSeconds) throw rateLimited(seconds);
  await pause(seconds * 1000, signal);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    throw new Fault('cancelled', 'Cancelled.');
  });
}
