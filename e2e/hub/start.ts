/** The stand-in Hub: a hub and a CDN on two host names (and an evil host on demand), real HTTP on loopback, faults on order. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCdn } from './cdn.ts';
import type { Content } from './content.ts';
import { control } from './control.ts';
import { deliver, type RequestLog } from './deliver.ts';
import { type Answer, type Ask, accessOf, Refusal, refusalAnswer, text } from './exchange.ts';
import { createFaults, type Delivery, type FaultSpec } from './faults.ts';
import { anonymousQuotas, bucketOf, createLimits, type Quotas, rateLimitHeaders, tooOften } from './limits.ts';
import { commit, openRepository, type Repository, type RepositorySpec } from './repository.ts';
import { route } from './routes.ts';
import { spoil } from './spoil.ts';

export type HubOptions = {
  repositories: RepositorySpec[];
  /** Port of the hub; 0, the default, takes a free one. The CDN always takes a free one. */
  port?: number;
  /** A path that the endpoint lies under, such as `/mirror`. */
  prefix?: string;
  /** Bytes per second of every CDN answer; as fast as it goes by default. */
  rate?: number;
  /** Every answer comes this much later, in ms. */
  latencyMs?: number;
  /** The Hub's clock in ms; expiry and rate limits follow it. */
  now?: () => number;
  /** How long a CDN link lives, in seconds; 3,600 by default, as on the Hub. */
  linkSeconds?: number;
  quotas?: Partial<Quotas>;
  /** Entries of a `/tree` page; 1,000 by default. */
  treePage?: number;
  /** Starts a third host, 127.0.0.2, that faults can lead to. */
  evil?: boolean;
  /** Takes orders over `POST /__ctl`. */
  control?: boolean;
};

export type Hub = {
  /** `http://127.0.0.1:<port><prefix>`: give it to the app as HF_ENDPOINT. */
  endpoint: string;
  /** The hosts (`name:port`) that its redirects lead to. */
  redirectHosts: string[];
  /** The evil host's origin, when it was asked for. */
  evil: string | undefined;
  /** Every request, oldest first. */
  log: RequestLog[];
  /** Makes something go wrong; the function it returns ends that. */
  fault(spec: FaultSpec): () => void;
  clearFaults(): void;
  /** The pace of the CDN in bytes per second from the next request on; undefined: as fast as it goes. */
  setRate(bytesPerSecond: number | undefined): void;
  /** Commits new content (`undefined` deletes) to a repository's main branch and returns the commit's name. */
  put(repo: string, files: Record<string, Content | undefined>): Promise<string>;
  /** The repository as it is served: commits, hashes, contents. */
  repository(repo: string): Repository;
  close(): Promise<void>;
};

const exposed =
  'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash';

/** Starts the servers; resolves when they listen. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const now = options.now ?? Date.now;
  const prefix = options.prefix ?? '';
  const quotas = { ...anonymousQuotas, ...options.quotas };
  const repositories = new Map<string, Repository>();
  for (const repository of await Promise.all(options.repositories.map(openRepository))) repositories.set(repository.id, repository);
  const faults = createFaults();
  const count = createLimits(quotas, now);
  const log: RequestLog[] = [];
  let rate = options.rate;

  const serve = (at: RequestLog['at'], answerTo: (ask: Ask) => Answer | Promise<Answer>, subjectOf: (pathname: string) => string) =>
    createServer((request, response) => {
      handle(at, answerTo, subjectOf, request, response).catch((error) => response.destroy(error));
    });

  async function handle(
    at: RequestLog['at'],
    answerTo: (ask: Ask) => Answer | Promise<Answer>,
    subjectOf: (pathname: string) => string,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    const time = now();
    const { method = 'GET', url: path = '/', headers } = request;
    const entry: RequestLog = { at, method, url: path, subject: path, headers, time, status: 0, bytesSent: 0, faults: [] };
    log.push(entry);
    const ask = await read(request, at === 'hub' ? prefix : '');
    let answer: Answer;
    let delivery: Delivery = at === 'cdn' && rate !== undefined ? { bytesPerSecond: rate } : {};
    if (!ask) answer = text('Not found', {}, 404);
    else {
      entry.subject = subjectOf(ask.url.pathname);
      answer = await answerTo(ask);
      if (at !== 'evil') {
        const context = { at, ask, subject: entry.subject, evil: hub.evil, now: time };
        for (const spec of faults.hitting(context, answer)) {
          entry.faults.push(spec.kind);
          ({ answer, delivery } = await spoil(answer, delivery, spec, context));
        }
      }
    }
    if (options.latencyMs) await sleep(options.latencyMs);
    await deliver(request, response, answer, delivery, entry);
  }

  const cdnServer = serve(
    'cdn',
    (ask) => cdn.answer(ask),
    (pathname) => `${decodeURIComponent(pathname)} ${cdn.fileOf(pathname) ?? ''}`,
  );
  const cdnPort = await listen(cdnServer, '127.0.0.1', 0);
  const cdn = createCdn(`http://localhost:${cdnPort}`, () => repositories.values(), now, options.linkSeconds ?? 3600);

  const hubServer = serve('hub', (ask) => answerAsHub(ask), decodeURIComponent);
  const hubPort = await listen(hubServer, '127.0.0.1', options.port ?? 0);
  const endpoint = `http://127.0.0.1:${hubPort}${prefix}`;

  async function answerAsHub(ask: Ask): Promise<Answer> {
    if (options.control && ask.url.pathname === '/__ctl') return control(hub, ask);
    const { pathname } = ask.url;
    const bucket = bucketOf(pathname);
    const { left, seconds, refused } = count(ask.headers.authorization ?? 'anonymous', bucket);
    let answer: Answer;
    try {
      if (refused) throw new Refusal(429, tooOften(bucket, quotas[bucket]), undefined, { 'Retry-After': String(seconds) });
      answer = await route({ repositories, endpoint, prefix, cdn, treePage: options.treePage ?? 1000 }, ask);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer = refusalAnswer(error, pathname.startsWith('/api/') && !pathname.startsWith('/api/resolve-cache/'));
    }
    const id = `Root=1-${Math.floor(now() / 1000).toString(16)}-${randomBytes(12).toString('hex')}`;
    const always = {
      'X-Powered-By': 'huggingface-moon',
      'X-Request-Id': id,
      ...rateLimitHeaders(bucket, left, seconds, quotas),
      'Access-Control-Expose-Headers': exposed,
    };
    const warning = ask.access === 'anonymous' ? { 'X-HF-Warning': 'unauthenticated; You are sending unauthenticated requests to the HF Hub.' } : {};
    return { ...answer, headers: { ...always, ...warning, ...answer.headers } };
  }

  const evilServer = options.evil ? serve('evil', () => text('thank you'), decodeURIComponent) : undefined;
  const evil = evilServer && `http://127.0.0.2:${await listen(evilServer, '127.0.0.2', 0)}`;

  const hub: Hub = {
    endpoint,
    redirectHosts: [`localhost:${cdnPort}`],
    evil,
    log,
    fault(spec) {
      if ((spec.kind === 'evilLink' || (spec.kind === 'redirect' && spec.to === 'evil')) && !evil) throw new Error('start the hub with { evil: true }');
      return faults.add(spec);
    },
    clearFaults: faults.clear,
    setRate(bytesPerSecond) {
      rate = bytesPerSecond;
    },
    repository(repo) {
      const found = repositories.get(repo);
      if (!found) throw new Error(`the stand-in has no ${repo}`);
      return found;
    },
    put: (repo, files) => commit(hub.repository(repo), files, new Date(now()).toISOString()),
    async close() {
      await Promise.all([hubServer, cdnServer, evilServer].map((server) => server && stop(server)));
    },
  };
  return hub;
}

/** The request in a form that routes read; undefined for a path outside of the prefix or one that cannot be decoded. */
async function read(request: IncomingMessage, prefix: string): Promise<Ask | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const path = request.url ?? '/';
  if (!path.startsWith(`${prefix}/`)) return undefined;
  try {
    const url = new URL(path.slice(prefix.length), 'http://hub');
    const segments = url.pathname.split('/').slice(1).map(decodeURIComponent);
    const { method = 'GET', headers } = request;
    return { method, url, segments, headers, body: Buffer.concat(chunks), access: accessOf(headers.authorization) };
  } catch {
    return undefined;
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
