/** The client against a Hub that behaves, one that does not, and hosts that must never see the token. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bytes, seeded } from '../../e2e/hub/content.ts';
import { type Hub as StandIn, startHub } from '../../e2e/hub/start.ts';
import { createHub, type Hub } from './client.ts';
import { createTransport } from './transport.ts';

const repo = 'ada/Model-GGUF';
const never = new AbortController().signal;
const code = (expected: string, data?: Record<string, unknown>) =>
  expect.objectContaining({ code: expected, ...(data && { data: expect.objectContaining(data) }) });
let standIn: StandIn;
let commit: string;

beforeEach(async () => {
  standIn = await startHub({
    evil: true,
    repositories: [
      {
        repo,
        files: { 'a.gguf': seeded('a', 300_000), 'README.md': bytes('# A model\n'), 'dir name/b #1%.gguf': seeded('b', 1000) },
        formerly: ['ada/Old-GGUF'],
      },
      { repo: 'ada/Gated-GGUF', gated: 'manual', files: { 'a.gguf': seeded('a', 1000) } },
    ],
  });
  commit = standIn.repository(repo).snapshots.at(-1)!.commit;
});
afterEach(() => standIn.close());

const hubFor = (token?: string, endpoint = standIn.endpoint): Hub => createHub({ endpoint, redirectHosts: standIn.redirectHosts, token }, { backOffMs: 1 });
const requests = (at: string) => standIn.log.filter((entry) => entry.at === at);

async function text({ body }: { body: ReadableStream<Uint8Array> | null }): Promise<Buffer> {
  return Buffer.from(await new Response(body).arrayBuffer());
}

describe('resolve and get', () => {
  test('finds size, sha256, commit and link without reading a byte, then ranges go to the CDN only', async () => {
    const hub = hubFor();
    const file = await hub.resolve({ repo, commit, path: 'a.gguf' }, never);
    const identity = standIn.repository(repo).snapshots.at(-1)!.files.get('a.gguf')!;
    expect(file).toMatchObject({ size: 300_000, commit, sha256: identity.lfs!.oid });
    expect(file.expiresAt).toBeGreaterThan(Date.now() + 3_000_000);
    expect(requests('hub').map(({ method }) => method)).toEqual(['HEAD']);
    expect(requests('cdn')).toHaveLength(0);

    const answer = await hub.get(file.url, { range: { start: 1000, end: 1999 }, signal: never });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe('bytes 1000-1999/300000');
    expect(await text(answer)).toEqual(await identity.content.read(1000, 1000));
    expect(requests('cdn')[0]!.headers).toMatchObject({ range: 'bytes=1000-1999', 'accept-encoding': 'identity' });
    expect(requests('hub')).toHaveLength(1);
  });

  test('the token goes to the Hub and never to the CDN', async () => {
    const hub = hubFor('hf_good_token');
    const file = await hub.resolve({ repo, commit, path: 'a.gguf' }, never);
    expect((await hub.get(file.url, { signal: never })).status).toBe(200);
    expect(requests('hub').every(({ headers }) => headers.authorization === 'Bearer hf_good_token')).toBe(true);
    expect(requests('cdn').length).toBeGreaterThan(0);
    expect(requests('cdn').some(({ headers }) => headers.authorization !== undefined)).toBe(false);
  });

  test('a plain git file is followed on the Hub itself, with the token', async () => {
    const hub = hubFor('hf_good_token');
    const file = await hub.resolve({ repo, commit, path: 'README.md' }, never);
    expect(file).toMatchObject({ size: 10, commit });
    expect(file.sha256).toBeUndefined();
    expect(new URL(file.url).origin).toBe(new URL(standIn.endpoint).origin);
    expect((await text(await hub.get(file.url, { signal: never }))).toString()).toBe('# A model\n');
    expect(requests('hub').every(({ headers }) => headers.authorization === 'Bearer hf_good_token')).toBe(true);
  });

  test('a renamed repository, and names with spaces and signs', async () => {
    expect(await hubFor().resolve({ repo: 'ada/Old-GGUF', commit: 'main', path: 'a.gguf' }, never)).toMatchObject({ size: 300_000, commit });
    expect(await hubFor().resolve({ repo, commit, path: 'dir name/b #1%.gguf' }, never)).toMatchObject({ size: 1000 });
  });

  test('a mirror that answers 405 to HEAD is asked by GET, and its body is left unread', async () => {
    standIn.fault({ at: 'hub', kind: 'headNotAllowed', times: 'always' });
    expect(await hubFor().resolve({ repo, commit, path: 'a.gguf' }, never)).toMatchObject({ size: 300_000, commit });
    expect(requests('hub').map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });

  test('statuses of the CDN are handed on: an expired link, a file too big', async () => {
    const hub = hubFor();
    const { url } = await hub.resolve({ repo, commit, path: 'a.gguf' }, never);
    standIn.fault({ at: 'cdn', kind: 'expired' });
    expect((await hub.get(url, { signal: never })).status).toBe(403);
    standIn.fault({ at: 'cdn', kind: 'tooBig' });
    expect((await hub.get(url, { signal: never })).status).toBe(400);
  });
});

describe('redirects that are refused', () => {
  test.each([
    ['another host', 'evil', '127.0.0.2'],
    ['a loop', 'self', '127.0.0.1'],
    ['a file', 'file:///etc/passwd', 'file:'],
    ['a host without protocol', '//evil.example/x', 'evil.example'],
    ['a host that ends like ours', 'https://evilhf.co/x', 'evilhf.co'],
    ['credentials in the address', 'https://user:pw@cdn.hf.co/x', 'cdn.hf.co'],
    ['no address at all', 'http://', 'http://'],
  ])('%s', async (_, to, host) => {
    standIn.fault({ at: 'hub', kind: 'redirect', to, times: 'always' });
    const hub = hubFor('hf_good_token');
    const error = await hub.resolve({ repo, commit, path: 'a.gguf' }, never).catch((fault) => fault);
    expect(error).toEqual(code('hub.refusedRedirect'));
    expect(error.data.host).toContain(host);
    expect(requests('evil')).toHaveLength(0);
    expect(requests('hub').length).toBeLessThanOrEqual(6);
  });

  test('the CDN leads elsewhere', async () => {
    const hub = hubFor('hf_good_token');
    const { url } = await hub.resolve({ repo, commit, path: 'a.gguf' }, never);
    standIn.fault({ at: 'cdn', kind: 'redirect', to: 'evil' });
    await expect(hub.get(url, { signal: never })).rejects.toEqual(code('hub.refusedRedirect'));
    expect(requests('evil')).toHaveLength(0);
  });

  test('a stored link to a host that is not allowed, and the API leading elsewhere', async () => {
    await expect(hubFor().get(`${standIn.evil}/x`, { signal: never })).rejects.toEqual(code('hub.refusedRedirect'));
    standIn.fault({ at: 'hub', kind: 'redirect', to: `http://${standIn.redirectHosts[0]}/x` });
    await expect(hubFor('hf_good_token').json('/api/models', [], never)).rejects.toEqual(code('hub.refusedRedirect'));
    expect(requests('cdn')).toHaveLength(0);
  });
});

describe('answers that mean something to a person', () => {
  const file = { repo, commit: 'main', path: 'a.gguf' };
  test('a repository that does not exist: 401 to nobody, 404 to a token', async () => {
    const missing = { repo: 'ada/None', commit: 'main', path: 'a.gguf' };
    await expect(hubFor().resolve(missing, never)).rejects.toEqual(code('hub.notFound', { repo: 'ada/None' }));
    await expect(hubFor('hf_good_token').resolve(missing, never)).rejects.toEqual(code('hub.notFound', { repo: 'ada/None' }));
    await expect(hubFor().json('/api/models/ada/None', [], never, 'ada/None')).rejects.toEqual(code('hub.notFound'));
  });
  test('a file that does not exist, a commit that is gone', async () => {
    await expect(hubFor().resolve({ ...file, path: 'z.gguf' }, never)).rejects.toEqual(code('hub.notFound'));
    await expect(hubFor().resolve({ ...file, commit: '0'.repeat(40) }, never)).rejects.toEqual(code('hub.notFound'));
  });
  test('gated: to nobody and to a token without access', async () => {
    const gated = { ...file, repo: 'ada/Gated-GGUF' };
    const fault = code('hub.gated', { repo: gated.repo, url: `${standIn.endpoint}/${gated.repo}` });
    await expect(hubFor().resolve(gated, never)).rejects.toEqual(fault);
    await expect(hubFor('hf_noaccess_token').resolve(gated, never)).rejects.toEqual(fault);
    expect(await hubFor('hf_good_token').resolve(gated, never)).toMatchObject({ size: 1000 });
  });
  test('a wrong token, also on a gated model', async () => {
    await expect(hubFor('garbage').resolve(file, never)).rejects.toEqual(code('hub.unauthorized'));
    await expect(hubFor('garbage').resolve({ ...file, repo: 'ada/Gated-GGUF' }, never)).rejects.toEqual(code('hub.unauthorized'));
  });
  test('a token that no header can carry is refused without being told', async () => {
    const asked = hubFor('hf_se\ncret').json('/api/models', [], never);
    await expect(asked).rejects.toMatchObject({ code: 'hub.unauthorized', message: expect.not.stringContaining('cret') });
    expect(standIn.log).toEqual([]);
  });

  test('an address that is no hub, and a hub that lets nobody in without a token, asked for no repository', async () => {
    for (const [status, fault] of [
      [404, 'hub.badAnswer'],
      [401, 'hub.unauthorized'],
    ] as const) {
      const server = createServer((_, response) => response.writeHead(status).end());
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const asked = hubFor(undefined, `http://127.0.0.1:${(server.address() as AddressInfo).port}`).json('/api/models', [], never);
      await expect(asked).rejects.toEqual(code(fault));
      server.close();
    }
  });

  test('a captive portal, for the API and for a file', async () => {
    standIn.fault({ at: 'hub', kind: 'captivePortal', times: 'always' });
    await expect(hubFor().json('/api/models', [], never)).rejects.toEqual(code('hub.badAnswer', { endpoint: standIn.endpoint }));
    await expect(hubFor().resolve(file, never)).rejects.toEqual(code('hub.badAnswer', { endpoint: standIn.endpoint }));
  });
  test.each(['cut', 'html', 'empty'] as const)('JSON that is %s', async (form) => {
    standIn.fault({ at: 'hub', kind: 'badJson', form });
    await expect(hubFor().json('/api/models', [], never)).rejects.toEqual(code('hub.badAnswer'));
  });
  test('a bad query', async () => {
    await expect(hubFor().json('/api/models', [['limit', 'x']], never)).rejects.toEqual(code('hub.server', { status: 400 }));
  });
});

describe('errors that pass', () => {
  test('5xx twice, then it works; for ever, then it is said', async () => {
    standIn.fault({ at: 'hub', kind: 'status', status: 503, times: 2 });
    expect((await hubFor().json('/api/models', [['filter', 'gguf']], never)).body).toBeInstanceOf(Array);
    standIn.fault({ at: 'hub', kind: 'status', status: 502, times: 'always' });
    await expect(hubFor().json('/api/models', [], never)).rejects.toEqual(code('hub.server', { status: 502 }));
    expect(requests('hub')).toHaveLength(6);
  });

  test('a dropped connection is tried again; a closed port is said after that', async () => {
    standIn.fault({ at: 'hub', kind: 'refuse' });
    expect((await hubFor().json('/api/models', [], never)).body).toBeInstanceOf(Array);
    await standIn.close();
    await expect(hubFor().json('/api/models', [], never)).rejects.toEqual(code('hub.unreachable', { endpoint: standIn.endpoint }));
  });

  test('429: waits as told when that is short', async () => {
    standIn.fault({ at: 'hub', kind: 'rateLimited', form: 'Retry-After', seconds: 1 });
    const started = Date.now();
    expect((await hubFor().json('/api/models', [], never)).body).toBeInstanceOf(Array);
    expect(Date.now() - started).toBeGreaterThanOrEqual(900);
  });

  test.each(['RateLimit', 'Retry-After', 'date'] as const)('429 by %s: says how long when that is long', async (form) => {
    standIn.fault({ at: 'hub', kind: 'rateLimited', form, seconds: 168 });
    const fault = await hubFor()
      .json('/api/models', [], never)
      .catch((error) => error);
    expect(fault).toEqual(code('hub.rateLimited'));
    expect(Math.abs(fault.data.seconds - 168)).toBeLessThanOrEqual(2);
    expect(requests('hub')).toHaveLength(1);
  });

  test('429 without a word: backs off and gives up', async () => {
    standIn.fault({ at: 'hub', kind: 'rateLimited', form: 'bare', times: 'always' });
    await expect(hubFor().json('/api/models', [], never)).rejects.toEqual(code('hub.rateLimited'));
    expect(requests('hub')).toHaveLength(5);
  });

  test('a budget that is used up is not asked again before its time', async () => {
    const hub = hubFor();
    standIn.fault({ at: 'hub', kind: 'rateLimited', seconds: 100 });
    await expect(hub.json('/api/models', [], never)).rejects.toEqual(code('hub.rateLimited'));
    await expect(hub.json('/api/models', [], never)).rejects.toEqual(code('hub.rateLimited'));
    expect(requests('hub')).toHaveLength(1);
    // Files have a budget of their own.
    expect(await hub.resolve({ repo, commit, path: 'a.gguf' }, never)).toMatchObject({ size: 300_000 });
  });

  test('silence ends after the header timeout', async () => {
    standIn.fault({ at: 'hub', kind: 'stall', after: 'nothing', times: 'always' });
    const hub = createHub({ endpoint: standIn.endpoint, redirectHosts: [], token: undefined }, { backOffMs: 1, transport: createTransport(50) });
    await expect(hub.json('/api/models', [], never)).rejects.toEqual(code('hub.unreachable'));
  });

  test('cancelled while it waits for an answer, and while it waits to try again', async () => {
    standIn.fault({ at: 'hub', kind: 'stall', after: 'nothing' });
    await expect(hubFor().json('/api/models', [], AbortSignal.abort())).rejects.toEqual(code('cancelled'));
    const stopping = new AbortController();
    const waiting = hubFor().json('/api/models', [], stopping.signal);
    setTimeout(() => stopping.abort(), 30);
    await expect(waiting).rejects.toEqual(code('cancelled'));
  });
});

test('an endpoint under a path prefix works and keeps it', async () => {
  const mirror = await startHub({ prefix: '/mirror', repositories: [{ repo, files: { 'a.gguf': seeded('a', 1000), 'README.md': bytes('# A\n') } }] });
  try {
    const hub = createHub({ endpoint: `${mirror.endpoint}/`, redirectHosts: mirror.redirectHosts, token: undefined });
    expect(hub.endpoint).toBe(mirror.endpoint);
    expect((await hub.json('/api/models', [], never)).body).toBeInstanceOf(Array);
    expect(await hub.resolve({ repo, commit: 'main', path: 'a.gguf' }, never)).toMatchObject({ size: 1000 });
    expect(await hub.resolve({ repo, commit: 'main', path: 'README.md' }, never)).toMatchObject({ size: 4 });
  } finally {
    await mirror.close();
  }
});

test('goes over to another Hub, and its token with it', async () => {
  const hub = hubFor('hf_good_token');
  const other = await startHub({ repositories: [{ repo: 'bob/Other-GGUF', files: { 'o.gguf': seeded('o', 500) } }] });
  try {
    hub.use({ endpoint: other.endpoint, redirectHosts: other.redirectHosts, token: undefined });
    expect(hub.endpoint).toBe(other.endpoint);
    expect(hub.token).toBe(false);
    expect(await hub.resolve({ repo: 'bob/Other-GGUF', commit: 'main', path: 'o.gguf' }, never)).toMatchObject({ size: 500 });
    expect(other.log.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
  } finally {
    await other.close();
  }
});

describe('a Hub that is not on this machine', () => {
  /** A Hub by another name than the one it listens on: answers come from `listener`. */
  async function served(listener: RequestListener): Promise<Server> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }
  const remote = (transportTo: Server, endpoint: string, redirectHosts: string[] = []) => {
    const { port } = transportTo.address() as AddressInfo;
    const transport = createTransport();
    return createHub(
      { endpoint, redirectHosts, token: 'secret' },
      { transport: (request) => transport({ ...request, url: new URL(request.url.pathname, `http://127.0.0.1:${port}`) }) },
    );
  };
  test.each([
    ['down to plain HTTP', 'http://cdn.hf.co/x'],
    ['into this machine', 'https://localhost/x'],
    ['into this network', 'https://192.168.1.1/x'],
    ['into this network by IPv6', 'https://[fd00::1]/x'],
  ])('is not followed %s', async (_, location) => {
    const server = await served((_request, response) => response.writeHead(302, { location, 'x-repo-commit': commit, 'x-linked-size': '5' }).end());
    try {
      const hub = remote(server, 'https://hub.example', ['localhost', '192.168.1.1', '[fd00::1]']);
      await expect(hub.resolve({ repo, commit, path: 'a.gguf' }, never)).rejects.toEqual(code('hub.refusedRedirect'));
    } finally {
      server.close();
    }
  });
  test("is followed to Hugging Face's own CDN", async () => {
    const location = 'https://us.aws.cdn.hf.co/xet-bridge-us/1/2?Expires=1789000000';
    const server = await served((_request, response) => response.writeHead(302, { location, 'x-repo-commit': commit, 'x-linked-size': '5' }).end());
    try {
      const file = await remote(server, 'https://hub.example').resolve({ repo, commit, path: 'a.gguf' }, never);
      expect(file).toEqual({ url: location, size: 5, commit, expiresAt: 1_789_000_000_000 });
    } finally {
      server.close();
    }
  });
});

test('offline by choice: nobody is asked, until another Hub is chosen', async () => {
  const hub = createHub({ endpoint: standIn.endpoint, redirectHosts: standIn.redirectHosts, token: undefined, offline: true });
  const signal = new AbortController().signal;
  await expect(hub.json('/api/models', [], signal)).rejects.toMatchObject({ code: 'hub.offline' });
  await expect(hub.resolve({ repo: 'a/b', commit: 'main', path: 'x' }, signal)).rejects.toMatchObject({ code: 'hub.offline' });
  await expect(hub.get(`${standIn.endpoint}/x`, { signal })).rejects.toMatchObject({ code: 'hub.offline' });
  expect(standIn.log).toEqual([]);
  hub.use({ endpoint: standIn.endpoint, redirectHosts: standIn.redirectHosts, token: undefined });
  expect((await hub.json('/api/models', [], signal)).body).toBeInstanceOf(Array);
});
