/** Everything that can be made to go wrong, addressed by server, path and count, and what each does to an answer (protocol 6.2). */
import { accessDenied, fileTooBig, unsatisfiable } from './cdn.ts';
import { pieces } from './content.ts';
import { type Answer, type Ask, json, lengthOf, Refusal, refusalAnswer, type Slice, text } from './exchange.ts';
import { anonymousQuotas, bucketOf, rateLimitHeaders, tooOften } from './limits.ts';

type Kind =
  /** Bytes per second of the body. */
  | { kind: 'slow'; bytesPerSecond: number }
  /** Sends `after` bytes of the body (half of it by default, 'nothing': not even headers), then stays silent until the client goes. */
  | { kind: 'stall'; after?: number | 'nothing' }
  /** Sends `after` bytes (half by default) and closes cleanly: under the full Content-Length, or `chunked` and properly ended. */
  | { kind: 'truncate'; after?: number; chunked?: boolean }
  /** Sends `after` bytes (half by default), then RST. */
  | { kind: 'reset'; after?: number }
  /** Closes the connection without a word. */
  | { kind: 'refuse' }
  /** An error page in HTML. */
  | { kind: 'status'; status: number }
  /** 429; tells how long to wait (seconds) in `RateLimit`, in `Retry-After` as seconds or as a date, or not at all. */
  | { kind: 'rateLimited'; seconds?: number; form?: 'RateLimit' | 'Retry-After' | 'date' | 'bare' }
  /** CDN: 403 as after `Expires`. */
  | { kind: 'expired' }
  /** CDN: the whole file for a Range. */
  | { kind: 'ignoreRange' }
  /** CDN: the same, and no `Accept-Ranges` anywhere. */
  | { kind: 'noRanges' }
  /** CDN: `Content-Range` is off by `shift` bytes (1 by default), or tells another `total`. */
  | { kind: 'wrongRange'; shift?: number; total?: number }
  | { kind: 'unsatisfiable' }
  /** CDN: 400, too big for plain HTTP. */
  | { kind: 'tooBig' }
  /** The body goes on for `count` bytes after what was asked; Content-Length says so. */
  | { kind: 'extraBytes'; count?: number }
  /** The body is gzipped although nobody asked. */
  | { kind: 'gzip' }
  /** CDN: the byte at `offset` of the file (its middle by default) is flipped, wherever an answer holds it. */
  | { kind: 'flip'; offset?: number }
  /** Resolve: another sha256, or another size, than the tree says. */
  | { kind: 'etagChanged' }
  | { kind: 'sizeChanged' }
  /** Gated from now on: 401 to log in, 403 to ask for access. */
  | { kind: 'gated'; status?: 401 | 403 }
  /** The token is no longer known. */
  | { kind: 'badToken' }
  /** 401 without a code, as for a repository that does not exist. */
  | { kind: 'missing' }
  | { kind: 'revisionGone' }
  /** A redirect to `to`: 'evil' (another host), 'self' (a loop) or any Location as it stands. */
  | { kind: 'redirect'; to: string; status?: number }
  /** `Link` and the next page lie on the evil host. */
  | { kind: 'evilLink' }
  /** 200 with somebody else's page. */
  | { kind: 'captivePortal' }
  /** JSON that is cut, is HTML, is empty, has nulls or texts for every value, or a row of two megabytes. */
  | { kind: 'badJson'; form?: 'cut' | 'html' | 'empty' | 'nulls' | 'texts' | 'huge' }
  /** 405 to HEAD. */
  | { kind: 'headNotAllowed' };

/** Where and when it goes wrong. */
export type FaultSpec = Kind & {
  at: 'hub' | 'cdn';
  /** Part of the request's path; at the CDN of `owner/name/path` of the file. Every path by default. */
  path?: string;
  method?: string;
  /** The first request that it hits, counted from 1 among those that match. */
  nth?: number;
  /** How many it hits; 1 by default. */
  times?: number | 'always';
};

/** How an answer leaves the server. */
export type Delivery = { bytesPerSecond?: number; stop?: { how: 'stall' | 'close' | 'end' | 'reset'; after: number | 'nothing' } };

type Context = { at: 'hub' | 'cdn'; ask: Ask; subject: string; evil: string | undefined; now: number };

/** The list of faults in force. */
export function createFaults() {
  const list: { spec: FaultSpec; seen: number }[] = [];
  return {
    /** Puts a fault in force; the function takes it away again. */
    add(spec: FaultSpec): () => void {
      const entry = { spec, seen: 0 };
      list.push(entry);
      return () => {
        const index = list.indexOf(entry);
        if (index >= 0) list.splice(index, 1);
      };
    },
    clear(): void {
      list.length = 0;
    },
    /** Counts this request and returns the faults that hit it. */
    hitting(context: Context, answer: Answer): FaultSpec[] {
      return list
        .filter(({ spec }) => matches(spec, context, answer))
        .filter((entry) => {
          entry.seen += 1;
          const nth = entry.spec.nth ?? 1;
          return entry.seen >= nth && (entry.spec.times === 'always' || entry.seen < nth + (entry.spec.times ?? 1));
        })
        .map(({ spec }) => spec);
    },
  };
}

function matches(spec: FaultSpec, { at, ask, subject }: Context, answer: Answer): boolean {
  if (spec.at !== at || (spec.path !== undefined && !subject.includes(spec.path)) || (spec.method !== undefined && spec.method !== ask.method)) return false;
  switch (spec.kind) {
    case 'headNotAllowed':
      return ask.method === 'HEAD';
    case 'wrongRange':
    case 'ignoreRange':
      return answer.status === 206;
    case 'flip': {
      if (Buffer.isBuffer(answer.body) || ask.method === 'HEAD') return false;
      const offset = flipped(spec, answer.body);
      return offset >= answer.body.start && offset < answer.body.end;
    }
    case 'etagChanged':
    case 'sizeChanged':
      return answer.headers['X-Linked-ETag'] !== undefined;
    case 'evilLink':
      return answer.headers['Link'] !== undefined;
    default:
      return true;
  }
}

const flipped = (spec: { offset?: number }, { content }: Slice) => spec.offset ?? Math.floor(content.size / 2);
const html = (status: number, title: string): Answer => ({
  status,
  headers: { 'Content-Type': 'text/html' },
  body: Buffer.from(`<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`),
});

/** What a fault makes of an answer. */
export async function spoil(answer: Answer, delivery: Delivery, spec: FaultSpec, { ask, evil, now }: Context): Promise<{ answer: Answer; delivery: Delivery }> {
  const api = ask.url.pathname.startsWith('/api/');
  const half = Math.floor(lengthOf(answer) / 2);
  const instead = (other: Answer) => ({ answer: other, delivery });
  const refused = (refusal: Refusal) => instead(refusalAnswer(refusal, api));
  const stopping = (how: NonNullable<Delivery['stop']>['how'], after: number | 'nothing') => ({ answer, delivery: { ...delivery, stop: { how, after } } });
  const heading = (headers: Record<string, string>) => instead({ ...answer, headers: { ...answer.headers, ...headers } });
  switch (spec.kind) {
    case 'slow':
      return { answer, delivery: { ...delivery, bytesPerSecond: spec.bytesPerSecond } };
    case 'stall':
      return stopping('stall', spec.after ?? half);
    case 'truncate':
      return stopping(spec.chunked ? 'end' : 'close', spec.after ?? half);
    case 'reset':
      return stopping('reset', spec.after ?? half);
    case 'refuse':
      return stopping('close', 'nothing');
    case 'status':
      return instead(html(spec.status, `${spec.status} ERROR`));
    case 'rateLimited': {
      const seconds = spec.seconds ?? 168;
      const bucket = bucketOf(ask.url.pathname);
      const told = {
        RateLimit: rateLimitHeaders(bucket, 0, seconds, anonymousQuotas),
        'Retry-After': { 'Retry-After': String(seconds) },
        date: { 'Retry-After': new Date(now + seconds * 1000).toUTCString() },
        bare: {},
      }[spec.form ?? 'RateLimit'];
      return instead(json({ error: tooOften(bucket, anonymousQuotas[bucket]) }, { RateLimit: '', 'RateLimit-Policy': '', ...told }, 429));
    }
    case 'expired':
      return instead(accessDenied());
    case 'ignoreRange':
    case 'noRanges': {
      const { 'Content-Range': _, ...headers } = answer.headers;
      if (spec.kind === 'noRanges') headers['Accept-Ranges'] = '';
      return instead({ status: answer.status === 206 ? 200 : answer.status, headers, body: whole(answer.body) });
    }
    case 'wrongRange': {
      const [, first = '0', last = '0', total = '0'] = /(\d+)-(\d+)\/(\d+)/.exec(answer.headers['Content-Range'] ?? '') ?? [];
      const shift = spec.shift ?? (spec.total === undefined ? 1 : 0);
      return heading({ 'Content-Range': `bytes ${Number(first) + shift}-${Number(last) + shift}/${spec.total ?? total}` });
    }
    case 'unsatisfiable':
      return instead(unsatisfiable(Buffer.isBuffer(answer.body) ? answer.body.length : answer.body.content.size));
    case 'tooBig':
      return instead(fileTooBig());
    case 'extraBytes':
      return instead({ ...answer, body: await extended(answer.body, spec.count ?? 16) });
    case 'gzip':
      return heading({ 'Content-Encoding': 'gzip' });
    case 'flip':
      return instead({ ...answer, body: withFlip(answer.body as Slice, flipped(spec, answer.body as Slice)) });
    case 'etagChanged':
      return heading({
        'X-Linked-ETag': (answer.headers['X-Linked-ETag'] ?? '').replace(/[0-9a-f]/, (digit) => (15 - Number.parseInt(digit, 16)).toString(16)),
      });
    case 'sizeChanged':
      return heading({ 'X-Linked-Size': String(Number(answer.headers['X-Linked-Size']) + 32) });
    case 'gated':
      return refused(
        new Refusal(spec.status ?? 401, 'Access to this model is restricted. You must have access to it and be authenticated to access it.', 'GatedRepo'),
      );
    case 'badToken':
      return refused(new Refusal(401, 'Invalid credentials in Authorization header'));
    case 'missing':
      return refused(new Refusal(401, 'Invalid username or password.'));
    case 'revisionGone':
      return refused(new Refusal(404, 'Invalid rev id', 'RevisionNotFound'));
    case 'redirect': {
      const location = { evil: `${evil}/stolen`, self: ask.url.pathname + ask.url.search }[spec.to] ?? spec.to;
      return instead(text(`Found. Redirecting to ${location}`, { ...answer.headers, Location: location }, spec.status ?? 302));
    }
    case 'evilLink':
      return heading({ Link: (answer.headers['Link'] ?? '').replaceAll(/<https?:\/\/[^/>]+/g, `<${evil}`) });
    case 'captivePortal':
      return instead(html(200, 'Welcome to the guest network'));
    case 'badJson':
      return instead(spoiledJson(answer, spec.form ?? 'cut'));
    case 'headNotAllowed':
      return instead(text('Method Not Allowed', { Allow: 'GET' }, 405));
  }
}

const whole = (body: Answer['body']) => (Buffer.isBuffer(body) ? body : { ...body, start: 0, end: body.content.size });

/** The body and `count` bytes more, which is no more than a test's file. */
async function extended(body: Answer['body'], count: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  if (Buffer.isBuffer(body)) parts.push(body);
  else for await (const piece of pieces(body.content, body.start, body.end)) parts.push(piece);
  return Buffer.concat([...parts, Buffer.alloc(count, 0x2a)]);
}

function withFlip(body: Slice, offset: number): Slice {
  const { content } = body;
  const read = async (start: number, length: number) => {
    const data = Buffer.from(await content.read(start, length));
    if (offset >= start && offset < start + length) data[offset - start]! ^= 0xff;
    return data;
  };
  return { ...body, content: { size: content.size, read } };
}

function spoiledJson(answer: Answer, form: 'cut' | 'html' | 'empty' | 'nulls' | 'texts' | 'huge'): Answer {
  const body = Buffer.isBuffer(answer.body) ? answer.body.toString() : '';
  const each = (change: (value: unknown) => unknown) => JSON.stringify(JSON.parse(body), (_, value) => (typeof value === 'object' ? value : change(value)));
  const made = {
    cut: () => body.slice(0, Math.floor(body.length / 2)),
    html: () => '<!doctype html><title>Maintenance</title>',
    empty: () => '',
    nulls: () => each(() => null),
    texts: () => each(String),
    huge: () => JSON.stringify([...[JSON.parse(body)].flat(), { id: 'x'.repeat(2_000_000) }]),
  }[form]();
  return { ...answer, body: Buffer.from(made) };
}
