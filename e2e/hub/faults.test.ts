/** Each fault as a plain client meets it. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bytes, seeded } from './content.ts';
import type { FaultSpec } from './faults.ts';
import { type Hub, startHub } from './start.ts';

const repo = 'atelier/seeded';
const data = seeded('a', 200_000);
let hub: Hub;

beforeAll(async () => {
  hub = await startHub({ repositories: [{ repo, files: { 'a.gguf': data, 'b.gguf': seeded('b', 1000), 'c.txt': bytes('c') } }], evil: true, control: true });
});
afterAll(() => hub.close());
afterEach(() => {
  hub.clearFaults();
  hub.log.length = 0;
});

const resolveUrl = (path = 'a.gguf') => `${hub.endpoint}/${repo}/resolve/main/${path}`;
const link = async (path = 'a.gguf') => (await fetch(resolveUrl(path), { redirect: 'manual' })).headers.get('location')!;
const head = (path = 'a.gguf') => fetch(resolveUrl(path), { method: 'HEAD', redirect: 'manual' });
const part = async (range = 'bytes=0-99999', path = 'a.gguf') => fetch(await link(path), { headers: { Range: range, 'Accept-Encoding': 'identity' } });
const chunksOf = async (response: Response) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body!) chunks.push(chunk);
  return chunks;
};
const api = () => fetch(`${hub.endpoint}/api/models?limit=1`);

/** What arrives and how it ends, seen without a client that hides it. */
async function receive(url: string): Promise<{ received: number; ended: 'end' | 'aborted' | string; headers: IncomingMessage['headers'] }> {
  const asked = request(url, { headers: { Range: 'bytes=0-99999' }, agent: false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  // A reset is told to both; the response's own event is the one that is looked at.
  asked.on('error', () => {});
  let received = 0;
  response.on('data', (chunk) => {
    received += chunk.length;
  });
  const ended = await new Promise<string>((resolve) => {
    response.once('end', () => resolve('end')).once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  return { received, ended, headers: response.headers };
}

describe('addressing', () => {
  test('the nth request of a path, a number of times', async () => {
    hub.fault({ at: 'cdn', path: 'a.gguf', kind: 'status', status: 503, nth: 2, times: 2 });
    const seen: number[] = [];
    for (let i = 0; i < 5; i++) seen.push((await part()).status, (await part('bytes=0-9', 'b.gguf')).status);
    expect(seen).toEqual([206, 206, 503, 206, 503, 206, 206, 206, 206, 206]);
    expect(hub.log.filter(({ faults }) => faults.includes('status')).map(({ subject }) => subject.endsWith(`${repo}/a.gguf`))).toEqual([true, true]);
  });

  test('one server only, one method only, always, and taken away again', async () => {
    const end = hub.fault({ at: 'hub', path: '/resolve/', method: 'HEAD', kind: 'status', status: 500, times: 'always' });
    expect([(await head()).status, (await head()).status, (await part()).status, (await api()).status]).toEqual([500, 500, 206, 200]);
    end();
    expect((await head()).status).toBe(302);
  });

  test('over HTTP, when the hub takes orders', async () => {
    const order = async (body: object) => (await fetch(`${hub.endpoint}/__ctl`, { method: 'POST', body: JSON.stringify(body) })).json();
    await order({ do: 'fault', at: 'cdn', kind: 'expired' });
    expect((await part()).status).toBe(403);
    expect((await part()).status).toBe(206);
    expect((await order({ do: 'log' })).filter(({ at }: { at: string }) => at === 'cdn')).toHaveLength(2);
    const { commit } = await order({ do: 'put', repo, path: 'new.gguf', size: 12 });
    expect((await head('new.gguf')).headers.get('x-repo-commit')).toBe(commit);
    expect((await order({ do: 'dance' })).error).toMatch('unknown order');
    const quiet = await startHub({ repositories: [] });
    expect((await fetch(`${quiet.endpoint}/__ctl`, { method: 'POST', body: '{"do":"log"}' })).status).toBe(401);
    await quiet.close();
  });
});

describe('how a body ends', () => {
  test('slow: it comes bit by bit', async () => {
    hub.fault({ at: 'cdn', kind: 'slow', bytesPerSecond: 100_000 });
    const response = await fetch(await link('b.gguf'));
    expect(Buffer.concat(await chunksOf(response)).equals(await seeded('b', 1000).read(0, 1000))).toBe(true);
    hub.setRate(2000);
    const paced = await chunksOf(await fetch(await link('b.gguf')));
    hub.setRate(undefined);
    expect(paced[0]!.length).toBeLessThan(1000);
  });

  test('stall: half the body, or not even headers, then silence', async () => {
    hub.fault({ at: 'cdn', kind: 'stall', after: 50_000 });
    const response = await fetch(await link(), { headers: { Range: 'bytes=0-99999' } });
    const reader = response.body!.getReader();
    for (let received = 0; received < 50_000; ) received += (await reader.read()).value!.length;
    const silence = AbortSignal.timeout(200);
    expect(await Promise.race([reader.read().then(() => 'data'), once(silence, 'abort').then(() => 'silence')])).toBe('silence');
    await reader.cancel();
    hub.fault({ at: 'cdn', kind: 'stall', after: 'nothing' });
    await expect(fetch(await link(), { signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/);
    await expect
      .poll(() => hub.log.filter(({ at }) => at === 'cdn').map(({ bytesSent, closedBy }) => [bytesSent, closedBy]))
      .toEqual([
        [50_000, 'client'],
        [0, 'client'],
      ]);
  });

  test('truncate: fewer bytes than Content-Length, or chunked and properly ended', async () => {
    hub.fault({ at: 'cdn', kind: 'truncate', after: 30_000 });
    const short = await receive(await link());
    expect(short).toMatchObject({ received: 30_000, ended: 'ECONNRESET' });
    expect(short.headers['content-length']).toBe('100000');
    hub.fault({ at: 'cdn', kind: 'truncate', chunked: true });
    const chunked = await receive(await link());
    expect(chunked).toMatchObject({ received: 50_000, ended: 'end' });
    expect(chunked.headers['content-length']).toBeUndefined();
  });

  test('reset and refuse: the connection is gone', async () => {
    hub.fault({ at: 'cdn', kind: 'reset', after: 30_000 });
    expect(await receive(await link())).toMatchObject({ received: 30_000, ended: 'ECONNRESET' });
    const ending = async (kind: 'reset' | 'truncate') => {
      hub.fault({ at: 'cdn', kind });
      const { port, pathname, search } = new URL(await link());
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).resume();
      return new Promise((resolve) => {
        socket.once('end', () => resolve('FIN')).once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      });
    };
    expect([await ending('truncate'), await ending('reset')]).toEqual(['FIN', 'ECONNRESET']);
    hub.fault({ at: 'hub', kind: 'refuse' });
    await expect(api()).rejects.toThrow('fetch failed');
  });
});

describe('wrong answers of the CDN', () => {
  const got = async (spec: FaultSpec, range?: string) => {
    hub.fault(spec);
    const response = await part(range);
    return { response, status: response.status, range: response.headers.get('content-range'), length: response.headers.get('content-length') };
  };

  test('expired, too big, past the end', async () => {
    expect(await got({ at: 'cdn', kind: 'expired' })).toMatchObject({ status: 403 });
    expect(await got({ at: 'cdn', kind: 'tooBig' })).toMatchObject({ status: 400 });
    expect(await got({ at: 'cdn', kind: 'unsatisfiable' })).toMatchObject({ status: 416, range: 'bytes */200000' });
  });

  test('200 to a Range, with and without Accept-Ranges', async () => {
    expect(await got({ at: 'cdn', kind: 'ignoreRange' })).toMatchObject({ status: 200, range: null, length: '200000' });
    const { response } = await got({ at: 'cdn', kind: 'noRanges' });
    expect(response.headers.has('accept-ranges')).toBe(false);
    expect(Buffer.from(await response.arrayBuffer()).equals(await data.read(0, data.size))).toBe(true);
  });

  test('another Content-Range than asked', async () => {
    expect(await got({ at: 'cdn', kind: 'wrongRange' })).toMatchObject({ status: 206, range: 'bytes 1-100000/200000', length: '100000' });
    expect(await got({ at: 'cdn', kind: 'wrongRange', total: 7 })).toMatchObject({ range: 'bytes 0-99999/7' });
  });

  test('bytes too many, and a flipped one', async () => {
    expect(await got({ at: 'cdn', kind: 'extraBytes', count: 5 })).toMatchObject({ status: 206, range: 'bytes 0-99999/200000', length: '100005' });
    hub.fault({ at: 'cdn', kind: 'flip', offset: 150_000 });
    const whole = await data.read(0, data.size);
    const before = Buffer.from(await (await part('bytes=0-99999')).arrayBuffer());
    const hit = Buffer.from(await (await part('bytes=100000-199999')).arrayBuffer());
    const again = Buffer.from(await (await part('bytes=100000-199999')).arrayBuffer());
    expect(before.equals(whole.subarray(0, 100_000))).toBe(true);
    expect([...hit.keys()].filter((at) => hit[at] !== whole[100_000 + at])).toEqual([50_000]);
    expect(again.equals(whole.subarray(100_000))).toBe(true);
  });

  test('gzip that nobody asked for: the length is not that of the range', async () => {
    const { response, range, length } = await got({ at: 'cdn', kind: 'gzip' });
    expect([response.headers.get('content-encoding'), range]).toEqual(['gzip', 'bytes 0-99999/200000']);
    expect(Number(length)).not.toBe(100_000);
    expect(Buffer.from(await response.arrayBuffer()).equals(await data.read(0, 100_000))).toBe(true);
  });
});

describe('wrong answers of the hub', () => {
  test('429, told in every form', async () => {
    const told = async (form: 'RateLimit' | 'Retry-After' | 'date' | 'bare') => {
      hub.fault({ at: 'hub', kind: 'rateLimited', seconds: 7, form });
      const { status, headers } = await api();
      expect(status).toBe(429);
      return [headers.get('ratelimit'), headers.get('retry-after')];
    };
    expect(await told('RateLimit')).toEqual(['"api";r=0;t=7', null]);
    expect(await told('Retry-After')).toEqual([null, '7']);
    expect(await told('bare')).toEqual([null, null]);
    const [, date] = await told('date');
    expect(Date.parse(date!)).toBeGreaterThan(Date.now());
  });

  test('another hash or size than the tree says', async () => {
    const right = (await head()).headers;
    hub.fault({ at: 'hub', kind: 'etagChanged' });
    const etag = (await head()).headers.get('x-linked-etag');
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
    expect(etag).not.toBe(right.get('x-linked-etag'));
    hub.fault({ at: 'hub', kind: 'sizeChanged' });
    expect((await head()).headers.get('x-linked-size')).toBe('200032');
  });

  test.each([
    [{ kind: 'gated' }, 401, 'GatedRepo'],
    [{ kind: 'gated', status: 403 }, 403, 'GatedRepo'],
    [{ kind: 'missing' }, 401, null],
    [{ kind: 'badToken' }, 401, null],
    [{ kind: 'revisionGone' }, 404, 'RevisionNotFound'],
    [{ kind: 'headNotAllowed' }, 405, null],
    [{ kind: 'status', status: 502 }, 502, null],
  ] as const)('%o', async (spec, status, code) => {
    hub.fault({ at: 'hub', ...spec });
    const response = await head();
    expect([response.status, response.headers.get('x-error-code')]).toEqual([status, code]);
    expect((await head()).status).toBe(302);
  });

  test('redirects to where nobody should go', async () => {
    hub.fault({ at: 'hub', path: '/resolve/', kind: 'redirect', to: 'evil' });
    expect(await link()).toBe(`${hub.evil}/stolen`);
    hub.fault({ at: 'hub', path: '/resolve/', kind: 'redirect', to: 'file:///etc/passwd', status: 307 });
    expect(await link()).toBe('file:///etc/passwd');
    hub.fault({ at: 'hub', path: '/resolve/', kind: 'redirect', to: 'self', times: 'always' });
    await expect(fetch(resolveUrl())).rejects.toThrow('fetch failed');
    expect(hub.log.filter(({ at }) => at === 'evil')).toEqual([]);
  });

  test('what reaches the evil host is seen there', async () => {
    hub.fault({ at: 'hub', path: '/resolve/', kind: 'redirect', to: 'evil' });
    await fetch(resolveUrl(), { headers: { 'X-Token': 'given away' } });
    expect(hub.log.filter(({ at }) => at === 'evil').map(({ headers }) => headers['x-token'])).toEqual(['given away']);
  });

  test('Link to the evil host', async () => {
    await hub.put(repo, { 'd.txt': bytes('d') });
    hub.fault({ at: 'hub', kind: 'evilLink' });
    const { headers } = await fetch(`${hub.endpoint}/api/models/${repo}/tree/main?limit=1`);
    expect(headers.get('link')).toMatch(new RegExp(`^<${hub.evil}/api/models/`));
  });

  test('names that no disk should see are listed as they are', async () => {
    const names = ['../x.gguf', '..\\x.gguf', 'C:\\x.gguf', 'a\0b.gguf', 'CON.gguf', `${'n'.repeat(300)}.gguf`, 'Same.gguf', 'same.gguf'];
    const hostile = await startHub({ repositories: [{ repo: 'mallory/names', files: Object.fromEntries(names.map((name) => [name, bytes(name)])) }] });
    const entries = await (await fetch(`${hostile.endpoint}/api/models/mallory/names/tree/main?recursive=true`)).json();
    await hostile.close();
    expect(entries.map(({ path }: { path: string }) => path)).toEqual(expect.arrayContaining(names));
  });

  test('a captive portal, and JSON that is none', async () => {
    hub.fault({ at: 'hub', kind: 'captivePortal' });
    const portal = await api();
    expect([portal.status, portal.headers.get('content-type'), portal.headers.has('x-repo-commit')]).toEqual([200, 'text/html', false]);
    const bad = async (form: 'cut' | 'html' | 'empty' | 'none' | 'nulls' | 'texts' | 'huge') => {
      hub.fault({ at: 'hub', kind: 'badJson', form });
      return (await api()).text();
    };
    for (const form of ['cut', 'html', 'empty'] as const) {
      const text = await bad(form);
      expect(() => JSON.parse(text)).toThrow();
    }
    expect(await bad('none')).toBe('[]');
    expect(JSON.parse(await bad('nulls'))[0].downloads).toBe(null);
    expect(JSON.parse(await bad('texts'))[0].downloads).toBe('0');
    expect((await bad('huge')).length).toBeGreaterThan(2_000_000);
  });
});
