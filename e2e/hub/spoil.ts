/** What each fault makes of an answer. */
import { gzipSync } from 'node:zlib';
import { accessDenied, fileTooBig, unsatisfiable } from './cdn.ts';
import { pieces } from './content.ts';
import { type Answer, json, lengthOf, Refusal, refusalAnswer, type Slice, text } from './exchange.ts';
import { type Delivery, type FaultContext, type FaultSpec, flipped } from './faults.ts';
import { anonymousQuotas, bucketOf, rateLimitHeaders, tooOften } from './limits.ts';

const html = (status: number, title: string): Answer => ({
  status,
  headers: { 'Content-Type': 'text/html' },
  body: Buffer.from(`<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`),
});

/** What a fault makes of an answer. */
export async function spoil(
  answer: Answer,
  delivery: Delivery,
  spec: FaultSpec,
  { ask, evil, now }: FaultContext,
): Promise<{ answer: Answer; delivery: Delivery }> {
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
      return instead({ ...answer, body: Buffer.concat([await collected(answer.body), Buffer.alloc(spec.count ?? 16, 0x2a)]) });
    case 'gzip':
      return instead({ ...answer, headers: { ...answer.headers, 'Content-Encoding': 'gzip' }, body: gzipSync(await collected(answer.body)) });
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
      return heading({ Link: (answer.headers.Link ?? '').replaceAll(/<https?:\/\/[^/>]+/g, `<${evil}`) });
    case 'captivePortal':
      return instead(html(200, 'Welcome to the guest network'));
    case 'badJson':
      return instead(spoiledJson(answer, spec.form ?? 'cut'));
    case 'headNotAllowed':
      return instead(text('Method Not Allowed', { Allow: 'GET' }, 405));
  }
}

const whole = (body: Answer['body']) => (Buffer.isBuffer(body) ? body : { ...body, start: 0, end: body.content.size });

/** The body in memory, which is no more than a test's file. */
async function collected(body: Answer['body']): Promise<Buffer> {
  if (Buffer.isBuffer(body)) return body;
  const parts: Buffer[] = [];
  for await (const piece of pieces(body.content, body.start, body.end)) parts.push(piece);
  return Buffer.concat(parts);
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

function spoiledJson(answer: Answer, form: 'cut' | 'html' | 'empty' | 'none' | 'nulls' | 'texts' | 'huge'): Answer {
  const body = Buffer.isBuffer(answer.body) ? answer.body.toString() : '';
  const each = (change: (value: unknown) => unknown) => JSON.stringify(JSON.parse(body), (_, value) => (typeof value === 'object' ? value : change(value)));
  const made = {
    cut: () => body.slice(0, Math.floor(body.length / 2)),
    html: () => '<!doctype html><title>Maintenance</title>',
    empty: () => '',
    none: () => '[]',
    nulls: () => each(() => null),
    texts: () => each(String),
    huge: () => JSON.stringify([...[JSON.parse(body)].flat(), { id: 'x'.repeat(2_000_000) }]),
  }[form]();
  return { ...answer, body: Buffer.from(made) };
}
