/** Searching the stand-in: filters, order, exact fields, pages by `Link`, and what the Hub refuses. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytes } from './content.ts';
import { goodToken } from './exchange.ts';
import type { RepositorySpec } from './repository.ts';
import { type Hub, startHub } from './start.ts';

const files = { 'a.gguf': bytes('not really') };
const repositories: RepositorySpec[] = Array.from({ length: 25 }, (_, i) => ({
  repo: `${i % 2 ? 'odd' : 'even'}/Model-${i}-GGUF`,
  files,
  // Ties, so that a cursor must also look at the id.
  trendingScore: Math.floor(i / 4),
  downloads: i,
  ...(i % 5 === 0 ? { card: { pipeline_tag: 'text-generation' } } : {}),
}));
let hub: Hub;

beforeAll(async () => {
  const many = Object.fromEntries(Array.from({ length: 23 }, (_, i) => [`part/${i}.txt`, bytes(String(i))]));
  hub = await startHub({
    repositories: [
      ...repositories,
      { repo: 'odd/hidden', files, private: true },
      { repo: 'many/files', files: many },
      { repo: 'deep/folders', files: Object.fromEntries(['a.txt', 'bf16/z.txt', 'Z.txt', 'bf16/deep/y.txt', 'UD/x.txt'].map((path) => [path, bytes(path)])) },
      { repo: 'text/only', files: { 'a.txt': bytes('') } },
    ],
    prefix: '/mirror',
    treePage: 10,
  });
});
afterAll(() => hub.close());

const ids = async (query: string, init?: RequestInit) => {
  const response = await fetch(`${hub.endpoint}/api/models?${query}`, init);
  expect(response.status).toBe(200);
  return ((await response.json()) as { id: string }[]).map(({ id }) => id);
};

/** Every page, by following `Link` as it stands. */
async function pages(url: string): Promise<Record<string, string>[][]> {
  const all: Record<string, string>[][] = [];
  for (let next: string | undefined = url; next; ) {
    expect(next.startsWith(hub.endpoint)).toBe(true);
    const response: Response = await fetch(next);
    all.push(await response.json());
    next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  }
  return all;
}

test('pages hold every row once, in order, and the last has no Link', async () => {
  const found = await pages(`${hub.endpoint}/api/models?filter=gguf&search=Model&limit=7&expand[]=trendingScore`);
  expect(found.map((page) => page.length)).toEqual([7, 7, 7, 4]);
  const rows = found.flat();
  expect(new Set(rows.map(({ id }) => id)).size).toBe(25);
  const scores = rows.map(({ trendingScore }) => Number(trendingScore));
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
});

test('a tree pages too, with a cursor that is base64 twice', async () => {
  const url = `${hub.endpoint}/api/models/many/files/tree/main?recursive=true`;
  const found = await pages(url);
  expect(found.map((page) => page.length)).toEqual([10, 10, 5]);
  expect(new Set(found.flat().map(({ path }) => path)).size).toBe(25);
  const link = (await fetch(url)).headers.get('link') ?? '';
  const cursor = new URL(/<([^>]+)>/.exec(link)![1]!).searchParams.get('cursor')!;
  expect(Buffer.from(Buffer.from(cursor, 'base64').toString(), 'base64').toString()).toBe(found[0]!.at(-1)!.path);
});

test('folders come first, both in byte order, each as deep as asked', async () => {
  const paths = async (query: string) =>
    ((await (await fetch(`${hub.endpoint}/api/models/deep/folders/tree/main${query}`)).json()) as { path: string }[]).map(({ path }) => path);
  expect(await paths('')).toEqual(['UD', 'bf16', '.gitattributes', 'Z.txt', 'a.txt']);
  expect(await paths('?recursive=true')).toEqual(['UD', 'bf16', 'bf16/deep', '.gitattributes', 'UD/x.txt', 'Z.txt', 'a.txt', 'bf16/deep/y.txt', 'bf16/z.txt']);
  expect(await paths('/bf16')).toEqual(['bf16/deep', 'bf16/z.txt']);
  expect((await fetch(`${hub.endpoint}/api/models/deep/folders/tree/main/nowhere`)).status).toBe(404);
});

test('filters are joined by and', async () => {
  expect(await ids('search=model-7')).toEqual(['odd/Model-7-GGUF']);
  expect(await ids('search=MODEL-1&search=even&sort=downloads')).toEqual(['18', '16', '14', '12', '10'].map((n) => `even/Model-${n}-GGUF`));
  expect(await ids('search=MODEL-1+even&sort=downloads')).toEqual(await ids('search=MODEL-1&search=even&sort=downloads'));
  expect(await ids('author=odd')).toHaveLength(12);
  expect(await ids('author=odd&filter=gguf&filter=region:us&pipeline_tag=text-generation&sort=downloads')).toEqual(['odd/Model-15-GGUF', 'odd/Model-5-GGUF']);
  expect(await ids('filter=gguf')).not.toContain('text/only');
  expect(await ids('search=nothing+like+it')).toEqual([]);
});

test('a private repository is for who has access', async () => {
  expect(await ids('search=hidden')).toEqual([]);
  expect(await ids('search=hidden', { headers: { Authorization: `Bearer ${goodToken}` } })).toEqual(['odd/hidden']);
});

test('without a sort it is by trend, and Link says so', async () => {
  expect(await ids('limit=2')).toEqual(await ids('limit=2&sort=trendingScore&direction=-1'));
  const { headers } = await fetch(`${hub.endpoint}/api/models?limit=2`);
  expect(headers.get('link')).toContain('sort=trendingScore');
});

test('exactly the fields that are asked for', async () => {
  const response = await fetch(`${hub.endpoint}/api/models?limit=1&expand=likes&expand[]=gated`);
  expect((await response.json())[0]).toEqual({ _id: expect.any(String), id: expect.any(String), gated: false, likes: 0 });
});

test.each(['direction=1', 'sort=beauty', 'limit=0', 'limit=many', 'expand[]=likes&full=true', 'expand[]=secrets', 'cursor=nonsense'])(
  '%s is refused',
  async (query) => {
    const response = await fetch(`${hub.endpoint}/api/models?${query}`);
    expect(response.status).toBe(400);
    expect((await response.json()).error).toMatch(/^Invalid/);
  },
);

test('nothing lies outside of the prefix', async () => {
  expect((await fetch(`${new URL(hub.endpoint).origin}/api/models`)).status).toBe(404);
});

test('limits are counted for real, per visitor, and tell when the window ends', async () => {
  const now = Date.UTC(2026, 8, 1, 10, 1, 0);
  const strict = await startHub({ repositories, quotas: { api: 2 }, now: () => now });
  try {
    const get = (init?: RequestInit) => fetch(`${strict.endpoint}/api/models?limit=1`, init);
    expect((await get()).headers.get('ratelimit')).toBe('"api";r=1;t=240');
    expect((await get()).headers.get('ratelimit-policy')).toBe('"fixed window";"api";q=2;w=300');
    const third = await get();
    expect(third.status).toBe(429);
    expect(third.headers.get('ratelimit')).toBe('"api";r=0;t=240');
    expect(third.headers.get('retry-after')).toBe('240');
    expect((await get({ headers: { Authorization: `Bearer ${goodToken}` } })).status).toBe(200);
  } finally {
    await strict.close();
  }
});
