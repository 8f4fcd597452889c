/** Searching: the query that the Hub is asked, its pages, and rows that are not to be trusted. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { builtinRepositories } from '../../e2e/hub/builtin.ts';
import { seeded } from '../../e2e/hub/content.ts';
import { type Hub as StandIn, startHub } from '../../e2e/hub/start.ts';
import { groupFamilies } from '../../shared/family.ts';
import { createHub } from './client.ts';
import { nextCursor } from './pages.ts';
import { searchModels } from './search.ts';

const never = new AbortController().signal;
let standIn: StandIn;
const names = Array.from({ length: 70 }, (_, index) => `ada/Qwen-${String(index).padStart(2, '0')}-GGUF`);

beforeEach(async () => {
  const repositories = names.map((repo, index) => ({
    repo,
    files: { 'a-Q4_K_M.gguf': seeded('a', 100) },
    trendingScore: 70 - index,
    downloads: index,
    likes: (index * 7) % 70,
    lastModified: `2026-03-02T09:00:${String((index * 11) % 60).padStart(2, '0')}.000Z`,
    card: { license: 'mit' },
  }));
  standIn = await startHub({
    evil: true,
    repositories: [...repositories, { repo: 'bob/Llama-GGUF', files: { 'b.gguf': seeded('b', 100) }, gated: 'manual' as const }],
  });
});
afterEach(() => standIn.close());
const hub = () => createHub({ endpoint: standIn.endpoint, redirectHosts: [], token: undefined }, { backOffMs: 1 });

test('asks as the Hub documents it, without the chat templates of thirty models', async () => {
  await searchModels(hub(), { query: ' qwen ' }, never);
  const { pathname, searchParams } = new URL(standIn.log[0]!.url, standIn.endpoint);
  expect(pathname).toBe('/api/models');
  expect(Object.fromEntries(searchParams)).toMatchObject({ filter: 'gguf', search: 'qwen', sort: 'trendingScore', direction: '-1', limit: '30' });
  expect(searchParams.getAll('expand[]')).toContain('gated');
  expect(searchParams.getAll('expand[]')).not.toContain('gguf');
  expect(searchParams.has('pipeline_tag')).toBe(false);
});

test('gives every model once over all pages, and no page after the last', async () => {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await searchModels(hub(), { query: 'qwen', cursor }, never);
    found.push(...page.models.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  expect(found).toEqual(names);
  expect(standIn.log).toHaveLength(3);
});

test('a link to another host moves nothing but the cursor', async () => {
  standIn.fault({ at: 'hub', kind: 'evilLink', times: 'always' });
  const first = await searchModels(hub(), { query: 'qwen' }, never);
  const second = await searchModels(hub(), { query: 'qwen', cursor: first.next }, never);
  expect(second.models[0]!.id).toBe(names[30]);
  expect(standIn.log.every(({ at }) => at === 'hub')).toBe(true);
});

test('a pasted address or owner/name finds that model', async () => {
  for (const query of [
    'https://huggingface.co/ada/Qwen-07-GGUF',
    'huggingface.co/ada/Qwen-07-GGUF/blob/main/a-Q4_K_M.gguf',
    `${standIn.endpoint}/ada/Qwen-07-GGUF`,
    'ada/Qwen-07-GGUF',
    'ada/Qwen-07-GGUF:Q4_K_M',
    'qwen 07',
  ])
    expect((await searchModels(hub(), { query }, never)).models.map(({ id }) => id)).toEqual(['ada/Qwen-07-GGUF']);
});

test('gated and licensed models say so; an unknown word finds nothing', async () => {
  const { models } = await searchModels(hub(), { query: 'llama' }, never);
  expect(models[0]).toMatchObject({ id: 'bob/Llama-GGUF', owner: 'bob', name: 'Llama-GGUF', gated: 'manual', vision: false });
  expect((await searchModels(hub(), { query: 'Qwen-07' }, never)).models[0]).toMatchObject({ licence: 'mit', gated: 'no' });
  expect(await searchModels(hub(), { query: 'no such model' }, never)).toEqual({ models: [] });
});

test.each([
  ['trending', undefined],
  ['downloads', 'downloads'],
  ['likes', 'likes'],
  ['updated', 'updatedAt'],
] as const)('by %s', async (sort, field) => {
  const { models } = await searchModels(hub(), { query: 'qwen', sort }, never);
  expect(models).toHaveLength(30);
  if (field === undefined) expect(models.map(({ id }) => id)).toEqual(names.slice(0, 30));
  else expect(models.map((model) => model[field])).toEqual(models.map((model) => model[field]).toSorted((a, b) => (a! < b! ? 1 : a! > b! ? -1 : 0)));
});

test('of one publisher, and of a number of parameters', async () => {
  expect((await searchModels(hub(), { query: '', author: 'bob' }, never)).models.map(({ id }) => id)).toEqual(['bob/Llama-GGUF']);
  const asked = async (parameters: { min?: number; max?: number }) => {
    await searchModels(hub(), { query: '', parameters }, never);
    return new URL(standIn.log.at(-1)!.url, standIn.endpoint).searchParams.get('num_parameters');
  };
  expect(await asked({ min: 6, max: 128 })).toBe('min:6B,max:128B');
  expect(await asked({ max: 0.5 })).toBe('max:500M');
  expect(await asked({ min: 1.7 })).toBe('min:1700M');
  expect(await asked({})).toBeNull();
});

test('the sample hub: the sizes of a family, in a range of parameters', async () => {
  const sample = await startHub({ repositories: builtinRepositories(fileURLToPath(new URL('../../e2e/fixtures', import.meta.url))) });
  try {
    const client = createHub({ endpoint: sample.endpoint, redirectHosts: [], token: undefined });
    const [family] = groupFamilies((await searchModels(client, { query: 'qwen 3.5', author: 'unsloth' }, never)).models);
    expect(family).toMatchObject({ name: 'Qwen3.5', sizes: ['35B-A3B', '27B', '9B', '4B', '0.8B'].map((size) => ({ size })) });
    const nine = await searchModels(client, { query: 'qwen3.5', parameters: { min: 6, max: 12 } }, never);
    expect(groupFamilies(nine.models).flatMap(({ sizes }) => sizes.map(({ size, models }) => [size, models.map(({ owner }) => owner)]))).toEqual([
      ['9B', ['unsloth', 'lmstudio-community', 'bartowski']],
    ]);
  } finally {
    await sample.close();
  }
});

test('what a model can do, by its tags', async () => {
  const rows = [
    { id: 'ada/A-7B-GGUF', tags: ['Thinking', 'tool-calling', 'image-text-to-text', 'base_model:quantized:../..', 'license:<script>'] },
    { id: 'ada/B', pipeline_tag: 'any-to-any', tags: ['retools'] },
  ];
  const [a, b] = (await answering(JSON.stringify(rows))).models;
  expect(a).toEqual({
    ...{ id: 'ada/A-7B-GGUF', owner: 'ada', name: 'A-7B-GGUF', downloads: 0, likes: 0, gated: 'no', family: 'A', size: '7B' },
    ...{ vision: true, tools: true, reasoning: true },
  });
  expect(b).toMatchObject({ family: 'B', vision: true, tools: false, reasoning: false });
});

/** One answer of a server of our own. */
async function answering(body: string, headers: Record<string, string> = {}, cursor?: string) {
  const server = createServer((_request, response) => response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return await searchModels(createHub({ endpoint, redirectHosts: [], token: undefined }), { query: '', cursor }, never);
  } finally {
    server.close();
  }
}

test('the recorded front page of the Hub, whole', async () => {
  const { body } = JSON.parse(readFileSync(new URL('../../e2e/fixtures/hub-samples/search-front-page.json', import.meta.url), 'utf8'));
  const { models } = await answering(JSON.stringify(body));
  expect(models.map(({ id }) => id)).toEqual(body.map((row: { id: string }) => row.id));
  expect(models.find(({ id }) => id === 'unsloth/Qwen3.5-9B-GGUF')).toMatchObject({ vision: true, gated: 'no', licence: 'apache-2.0' });
  expect(models.find(({ id }) => id === 'unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF')!.downloads).toBe(12_801_098);
});

test('hostile rows are left out, the others stay', async () => {
  const good = { id: 'ada/Good-GGUF', downloads: 1, likes: 2, tags: ['gguf'], gated: false };
  const rows = [
    null,
    7,
    'x',
    {},
    { ...good, id: '../../etc' },
    { ...good, id: 'a/b/c' },
    { ...good, id: '../..' },
    { ...good, id: `x/${'y'.repeat(2_000_000)}` },
    { ...good, downloads: '12' },
    { ...good, likes: -1 },
    { ...good, tags: 'gguf' },
    { ...good, lastModified: '<script>' },
    { ...good, id: '../..' },
    { ...good, id: 'ada/con' },
    { ...good, id: 'ada/x\u0000' },
    { ...good, id: 'ada/<img src=x>' },
    good,
  ];
  expect((await answering(JSON.stringify(rows))).models.map(({ id }) => id)).toEqual(['ada/Good-GGUF']);
});

test('a page that leads to itself is the last', async () => {
  const link = '<https://huggingface.co/api/models?cursor=same>; rel="next"';
  expect((await answering('[]', { link }, 'first')).next).toBe('same');
  expect((await answering('[]', { link }, 'same')).next).toBeUndefined();
});

test('an object in place of a list is not the Hub', async () => {
  await expect(answering('{"models":[]}')).rejects.toEqual(expect.objectContaining({ code: 'hub.badAnswer' }));
});

test.each([
  ['<https://huggingface.co/api/models?limit=30&cursor=eyJ%3D%3D>; rel="next"', 'eyJ=='],
  ['<https://a/?cursor=1>; rel="prev", <https://a/?cursor=2,3>;rel="next"', '2,3'],
  ['<https://a/?cursor=1>; rel="prev"', undefined],
  ['<https://a/?limit=1>; rel="next"', undefined],
  ['<https://a/?cursor=%ZZ>; rel="next"', undefined],
  ['cursor=1; rel="next"', undefined],
])('Link: %s', (link, cursor) => expect(nextCursor(new Headers({ link }))).toBe(cursor));
