/** The CDN of the stand-in: ranges, links that expire, and no token ever. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytes, file, headerAndHole, seeded } from './content.ts';
import { goodToken, noAccessToken } from './exchange.ts';
import { type Hub, startHub } from './start.ts';

const repo = 'atelier/seeded';
const tiny = fileURLToPath(new URL('../fixtures/tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q4_K_M.gguf', import.meta.url));
const data = seeded('a', 300_001);
let now = Date.UTC(2026, 8, 8, 10);
let hub: Hub;

beforeAll(async () => {
  hub = await startHub({
    repositories: [
      { repo, files: { 'a.gguf': data, 'b.txt': bytes('small'), 'sub folder/ü.gguf': seeded('b', 10) }, formerly: ['old/name'] },
      { repo: 'atelier/closed', files: { 'a.gguf': data }, gated: 'auto' },
    ],
    now: () => now,
    prefix: '/mirror',
  });
});
afterAll(() => hub.close());

const url = (path = 'a.gguf') => `${hub.endpoint}/${repo}/resolve/main/${path}`;
const linkOf = async (address = url()) => (await fetch(address, { redirect: 'manual' })).headers.get('location')!;
const ranged = (link: string, range: string, more = {}) => fetch(link, { headers: { Range: range, ...more } });
const body = async (response: Response) => Buffer.from(await response.arrayBuffer());

test('contents read the same at any offset', async () => {
  const all = await data.read(0, data.size);
  for (const [offset, length] of [
    [0, 1],
    [15, 3],
    [16, 16],
    [299_990, 11],
    [77_777, 100_000],
  ] as const) {
    expect((await data.read(offset, length)).equals(all.subarray(offset, offset + length))).toBe(true);
  }
  expect(new Set(all).size).toBe(256);
  const hole = headerAndHole(Buffer.from('GGUF'), 1_000_000_000_000);
  expect([...(await hole.read(2, 4))]).toEqual([0x55, 0x46, 0, 0]);
  expect([...(await hole.read(999_999_999_998, 2))]).toEqual([0, 0]);
  expect((await file(tiny).read(0, 4)).toString()).toBe('GGUF');
});

test.each([
  ['bytes=0-0', 0, 0],
  ['bytes=100-299', 100, 299],
  ['bytes=299999-', 299_999, 300_000],
  ['bytes=-5', 299_996, 300_000],
  ['bytes=300000-999999', 300_000, 300_000],
])('%s', async (range, first, last) => {
  const response = await ranged(await linkOf(), range);
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(`bytes ${first}-${last}/300001`);
  expect((await body(response)).equals(await data.read(first, last - first + 1))).toBe(true);
});

test('the whole of it, and HEAD without a body', async () => {
  const response = await fetch(await linkOf());
  expect(response.status).toBe(200);
  expect((await body(response)).equals(await data.read(0, data.size))).toBe(true);
  const head = await fetch(await linkOf(), { method: 'HEAD' });
  expect([head.headers.get('content-length'), (await body(head)).length]).toEqual(['300001', 0]);
});

test('a Range past the end is 416; one that makes no sense is ignored', async () => {
  const past = await ranged(await linkOf(), 'bytes=300001-');
  expect([past.status, past.headers.get('content-range')]).toEqual([416, 'bytes */300001']);
  expect((await ranged(await linkOf(), 'bytes=5-2')).status).toBe(200);
});

test('If-Range with another ETag gives the whole', async () => {
  const link = await linkOf();
  const etag = (await ranged(link, 'bytes=0-1')).headers.get('etag')!;
  expect((await ranged(link, 'bytes=0-1', { 'If-Range': etag })).status).toBe(206);
  expect((await ranged(link, 'bytes=0-1', { 'If-Range': '"other"' })).status).toBe(200);
});

test('a link dies after an hour, a new one works, and a forged one never does', async () => {
  const link = await linkOf();
  expect(Number(new URL(link).searchParams.get('Expires'))).toBe(now / 1000 + 3600);
  now += 3_599_000;
  expect((await ranged(link, 'bytes=0-0')).status).toBe(206);
  now += 2_000;
  const late = await ranged(link, 'bytes=0-0');
  expect([late.status, late.headers.get('content-type')]).toEqual([403, 'text/xml']);
  expect(await late.text()).toBe('<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>');
  expect((await ranged(await linkOf(), 'bytes=0-0')).status).toBe(206);
  const forged = new URL(link);
  forged.searchParams.set('Expires', String(now / 1000 + 3600));
  expect((await ranged(forged.href, 'bytes=0-0')).status).toBe(403);
});

test('a token at the CDN is refused and seen in the log', async () => {
  const response = await fetch(await linkOf(), { headers: { Authorization: `Bearer ${goodToken}` } });
  expect(response.status).toBe(400);
  expect(hub.log.filter(({ at, headers }) => at === 'cdn' && headers.authorization)).toHaveLength(1);
});

test('a gated file needs a token with access', async () => {
  const closed = `${hub.endpoint}/atelier/closed/resolve/main/a.gguf`;
  const status = async (token?: string) => (await fetch(closed, { redirect: 'manual', headers: token ? { Authorization: `Bearer ${token}` } : {} })).status;
  expect([await status(), await status('hf_wrong'), await status(noAccessToken), await status(goodToken)]).toEqual([401, 401, 403, 302]);
});

test('a new commit moves main; the old commit keeps its bytes', async () => {
  const before = (await fetch(url(), { method: 'HEAD', redirect: 'manual' })).headers;
  const other = seeded('other', data.size);
  const commit = await hub.put(repo, { 'a.gguf': other });
  const after = (await fetch(url(), { method: 'HEAD', redirect: 'manual' })).headers;
  expect(after.get('x-repo-commit')).toBe(commit);
  expect(after.get('x-linked-etag')).toBe(
    `"${createHash('sha256')
      .update(await other.read(0, other.size))
      .digest('hex')}"`,
  );
  const pinned = `${hub.endpoint}/${repo}/resolve/${before.get('x-repo-commit')}/a.gguf`;
  expect((await fetch(pinned, { method: 'HEAD', redirect: 'manual' })).headers.get('x-linked-etag')).toBe(before.get('x-linked-etag'));
  expect((await body(await ranged(await linkOf(pinned), 'bytes=0-9'))).equals(await data.read(0, 10))).toBe(true);
});

test('redirects stay under the prefix, also those of an old name', async () => {
  expect(await linkOf(url('b.txt'))).toMatch(/^\/mirror\/api\/resolve-cache\//);
  expect(await (await fetch(url('b.txt'))).text()).toBe('small');
  const old = await fetch(`${hub.endpoint}/old/name/resolve/main/b.txt`, { redirect: 'manual' });
  expect([old.status, old.headers.get('location')]).toEqual([307, `/mirror/${repo}/resolve/main/b.txt`]);
});

test('odd characters in a path are encoded segment by segment', async () => {
  expect((await body(await fetch(url('sub%20folder/%C3%BC.gguf')))).length).toBe(10);
  expect((await fetch(`${hub.endpoint}/${repo}/resolve/refs%2Fheads%2Fmain/b.txt`)).status).toBe(200);
  expect((await fetch(`${hub.endpoint}/${repo}/resolve/main/%FF`)).status).toBe(404);
});
