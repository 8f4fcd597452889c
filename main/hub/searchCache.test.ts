/** Pages that were kept: shown at once with their age, replaced by fresh ones, and all there is when the Hub cannot be had. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bytes } from '../../e2e/hub/content.ts';
import { goodToken } from '../../e2e/hub/exchange.ts';
import { type Hub as StandIn, startHub } from '../../e2e/hub/start.ts';
import type { SearchPage, SearchQuestion } from '../../shared/schemas/hub.ts';
import { createHub } from './client.ts';
import { createSearch } from './searchCache.ts';

const never = new AbortController().signal;
let standIn: StandIn;
let cacheFolder: string;

beforeEach(async () => {
  cacheFolder = mkdtempSync(join(tmpdir(), 'atelier-search-'));
  const repositories = Array.from({ length: 40 }, (_, index) => ({
    repo: `ada/Qwen-${String(index).padStart(2, '0')}-GGUF`,
    files: { 'a.gguf': bytes('a') },
    trendingScore: 40 - index,
    downloads: index,
  }));
  standIn = await startHub({ repositories: [...repositories, { repo: 'ada/secret-GGUF', files: { 'a.gguf': bytes('a') }, private: true }] });
});
afterEach(async () => {
  await standIn.close();
  rmSync(cacheFolder, { recursive: true });
});

const searcher = (token?: string) => createSearch({ hub: createHub({ endpoint: standIn.endpoint, redirectHosts: [], token }, { backOffMs: 1 }), cacheFolder });
async function pages(question: Partial<SearchQuestion> = {}, { token, signal = never }: { token?: string; signal?: AbortSignal } = {}): Promise<SearchPage[]> {
  const all: SearchPage[] = [];
  for await (const page of searcher(token).search({ query: 'qwen', sort: 'trending', ...question }, signal)) all.push(page);
  return all;
}
const folder = () => join(cacheFolder, 'search', 'v1');

test('the first time there is the fresh page alone; the next time the kept one comes first, with its age', async () => {
  const before = Date.now();
  const [first, ...none] = await pages();
  expect(none).toEqual([]);
  expect(first).not.toHaveProperty('cachedAt');
  await standIn.put('ada/Qwen-00-GGUF', { 'b.gguf': bytes('b') });
  const [kept, fresh, ...more] = await pages();
  expect(more).toEqual([]);
  expect(kept).toEqual({ ...first, cachedAt: expect.any(String) });
  expect(Date.parse(kept!.cachedAt!)).toBeGreaterThanOrEqual(before);
  expect(fresh).not.toHaveProperty('cachedAt');
  expect(fresh!.models[0]!.updatedAt).not.toBe(kept!.models[0]!.updatedAt);
  expect((await pages())[0]!.models).toEqual(fresh!.models);
});

test('the kept page is there before the Hub is asked', async () => {
  await pages();
  const asked = standIn.log.length;
  const answers = searcher().search({ query: 'qwen', sort: 'trending' }, never);
  expect((await answers.next()).value).toHaveProperty('cachedAt');
  expect(standIn.log).toHaveLength(asked);
  await answers.return();
});

test.each([
  ['hub.unreachable', { at: 'hub', kind: 'refuse', times: 'always' }],
  ['hub.rateLimited', { at: 'hub', kind: 'rateLimited', seconds: 120, times: 'always' }],
  ['hub.badAnswer', { at: 'hub', kind: 'captivePortal', times: 'always' }],
] as const)('%s: the kept page again with the problem, and the error itself where nothing was kept', async (code, fault) => {
  const [first] = await pages();
  standIn.fault(fault);
  const [kept, again, ...more] = await pages();
  expect(more).toEqual([]);
  expect(kept).not.toHaveProperty('problem');
  expect(again).toEqual({ ...first, cachedAt: kept!.cachedAt, problem: expect.objectContaining({ code }) });
  await expect(pages({ query: 'never asked' })).rejects.toMatchObject({ code });
  standIn.clearFaults();
});

test('a search that is given up ends, kept page or not', async () => {
  await pages();
  const controller = new AbortController();
  controller.abort();
  await expect(pages({}, { signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
});

test('every question has its own page: words, sort, publisher, parameters, cursor, token', async () => {
  const [{ next } = {}] = (await pages()) as [SearchPage];
  const others: Partial<SearchQuestion>[] = [
    { query: 'qwen-1' },
    { sort: 'downloads' },
    { author: 'ada' },
    { parameters: { min: 1 } },
    { parameters: { max: 1 } },
    { cursor: next },
  ];
  for (const question of others) expect(await pages(question)).toHaveLength(1);
  expect(await pages({}, { token: goodToken })).toHaveLength(1);
  expect(await pages({ query: ' QWEN ' })).toHaveLength(2);
  expect((await pages({ sort: 'downloads' }))[0]!.models[0]!.id).toBe('ada/Qwen-39-GGUF');
  expect((await pages({ cursor: next })).map(({ models }) => models.length)).toEqual([10, 10]);
});

test('what a token may see is not shown without it', async () => {
  const [secret] = await pages({ query: 'secret' }, { token: goodToken });
  expect(secret!.models).toHaveLength(1);
  expect((await pages({ query: 'secret' })).flatMap(({ models }) => models)).toEqual([]);
});

test.each([
  ['cut', (text: string) => text.slice(0, text.length / 2)],
  ['of another form', () => '{"at":"2026-01-01T00:00:00Z","page":{"models":[{"id":7}]}}'],
  ['with a date that is none', (text: string) => text.replace(/"at":"[^"]+"/, '"at":"<script>"')],
  ['of three megabytes', (text: string) => text + ' '.repeat(3_000_000)],
])('a file that is %s is not read, and is replaced', async (_, spoil) => {
  await pages();
  const [name] = readdirSync(folder());
  const path = join(folder(), name!);
  writeFileSync(path, spoil(readFileSync(path, 'utf8')));
  expect(await pages()).toHaveLength(1);
  expect(await pages()).toHaveLength(2);
});

test('two hundred pages are kept, the newest', async () => {
  for (let index = 0; index < 205; index++) await pages({ query: `nothing like ${index}` });
  expect(readdirSync(folder())).toHaveLength(200);
  expect(await pages({ query: 'nothing like 204' })).toHaveLength(2);
}, 30_000);

test('a cache that cannot be written hinders nothing', async () => {
  writeFileSync(join(cacheFolder, 'search'), 'a file in the way');
  expect((await pages())[0]!.models).toHaveLength(30);
});
