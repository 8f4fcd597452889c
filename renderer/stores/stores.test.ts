/** The stores over a fake core: what a view sees of searches, prices, settings and places. */
import { expect, test, vi } from 'vitest';
import { Fault } from '../../shared/result.ts';
import { defaultLoadSettings } from '../../shared/schemas/memory.ts';
import { createFakeCore } from '../testing/fakeCore.ts';
import { fakeEstimate, modelTraits, searchModels } from '../testing/samples.ts';
import { createPricesStore } from './prices.ts';
import { createSearchStore } from './search.ts';
import { createSettingsStore } from './settings.ts';
import { createTraitsStore } from './traits.ts';
import { parseHash, parsePlace, toHash } from './ui.ts';

const never = (signal: AbortSignal): Promise<never> => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

test('typing searches once, 250 ms after the last letter, and cancels what ran', async () => {
  const queries: string[] = [];
  const cancelled: string[] = [];
  const { client } = createFakeCore({
    async *'hub.search'({ query }, { signal }) {
      queries.push(query);
      if (query !== 'qwen') {
        await never(signal).finally(() => cancelled.push(query));
      }
      yield { models: searchModels };
    },
  });
  const search = createSearchStore(client);
  void search.getState().search();
  await vi.waitFor(() => expect(queries).toEqual(['']));
  for (const text of ['q', 'qw', 'qwen']) search.getState().setQuery(text);
  await vi.waitFor(() => expect(search.getState().models).toHaveLength(searchModels.length));
  expect(queries).toEqual(['', 'qwen']);
  expect(cancelled).toEqual(['']);
});

test('the next page is added once and without doubles; an error leaves what was there', async () => {
  let broken = false;
  const { client, calls } = createFakeCore({
    async *'hub.search'({ cursor }) {
      if (broken) throw new Fault('hub.unreachable', 'gone', { endpoint: 'https://huggingface.co' });
      yield cursor === undefined ? { models: searchModels.slice(0, 3), next: 'page 2' } : { models: searchModels.slice(2) };
    },
  });
  const search = createSearchStore(client);
  await search.getState().search();
  await Promise.all([search.getState().more(), search.getState().more()]);
  expect(search.getState().models?.map((model) => model.id)).toEqual(searchModels.map((model) => model.id));
  expect(search.getState().next).toBeUndefined();
  expect(calls.filter(({ method }) => method === 'hub.search')).toHaveLength(2);

  broken = true;
  await search.getState().search();
  expect(search.getState().error?.code).toBe('hub.unreachable');
  expect(search.getState().models).toHaveLength(searchModels.length);
});

test('kept results are shown at once and replaced; without a hub they stay and say why', async () => {
  const problem = { code: 'hub.rateLimited' as const, message: '', data: { seconds: 30 } };
  const cachedAt = '2026-11-22T06:00:00.000Z';
  let limited = false;
  const fresh = Promise.withResolvers<void>();
  const { client } = createFakeCore({
    async *'hub.search'() {
      yield { models: searchModels.slice(0, 2), cachedAt };
      await fresh.promise;
      yield limited ? { models: searchModels.slice(0, 2), cachedAt, problem } : { models: searchModels };
    },
  });
  const search = createSearchStore(client);
  void search.getState().search();
  await vi.waitFor(() => expect(search.getState()).toMatchObject({ models: searchModels.slice(0, 2), cachedAt, busy: true, error: undefined }));
  fresh.resolve();
  await vi.waitFor(() => expect(search.getState()).toMatchObject({ models: searchModels, cachedAt: undefined, busy: false }));
  limited = true;
  await search.getState().search();
  expect(search.getState()).toMatchObject({ models: searchModels.slice(0, 2), cachedAt, busy: false, error: problem });
});

test('another sort or publisher searches anew, the same one does not', async () => {
  const { client, calls } = createFakeCore();
  const search = createSearchStore(client);
  search.getState().from('https://huggingface.co');
  await vi.waitFor(() => expect(search.getState().busy).toBe(false));
  search.getState().setTerms({ sort: 'likes', author: 'unsloth', parameters: { max: 8 } });
  search.getState().setTerms({ sort: 'likes', author: 'unsloth', parameters: { max: 8 } });
  await vi.waitFor(() => expect(search.getState().models).toHaveLength(3));
  expect(calls.filter(({ method }) => method === 'hub.search').map(({ input }) => input)).toMatchObject([
    { sort: 'trending' },
    { sort: 'likes', author: 'unsloth', parameters: { max: 8 } },
  ]);
});

test('traits are asked two at once, for what is on screen; what scrolls away is cancelled and asked again when it comes back', async () => {
  let running = 0;
  let most = 0;
  const cancelled: string[] = [];
  let answer = false;
  const { client, calls } = createFakeCore({
    async 'hub.traits'({ repo }, { signal }) {
      most = Math.max(most, ++running);
      try {
        if (!answer) await never(signal).finally(() => cancelled.push(repo));
        return modelTraits(searchModels.find(({ id }) => id === repo)!);
      } finally {
        running--;
      }
    },
  });
  const store = createTraitsStore(client);
  const ids = searchModels.map(({ id }) => id);
  store.getState().want('results', ids.slice(0, 4));
  await vi.waitFor(() => expect(running).toBe(2));
  expect(calls.map(({ input }) => (input as { repo: string }).repo)).toEqual(ids.slice(0, 2));
  answer = true;
  store.getState().want('results', ids.slice(1, 3));
  await vi.waitFor(() => expect(store.getState().traits[ids[2]!]).toBeDefined());
  expect(cancelled).toEqual([ids[0]]);
  store.getState().want('results', ids.slice(0, 1));
  await vi.waitFor(() => expect(store.getState().traits[ids[0]!]).toMatchObject({ repo: ids[0] }));
  expect(most).toBe(2);
  store.getState().holdFor('16k');
  expect(Object.keys(store.getState().traits)).not.toEqual([]);
  store.getState().holdFor('32k');
  expect(store.getState().traits).toEqual({});
  await vi.waitFor(() => expect(Object.keys(store.getState().traits)).toEqual(ids.slice(0, 1)));
});

test('new settings cancel the questions that run; the old number stays until the new one is there', async () => {
  let aborted = 0;
  let slow = false;
  const { client } = createFakeCore({
    async 'memory.estimate'({ source, settings }, { signal }) {
      if (slow) await never(signal).finally(() => aborted++);
      return fakeEstimate(source, settings);
    },
  });
  const prices = createPricesStore(client);
  const sources = Object.fromEntries(['a', 'b', 'c', 'd'].map((id) => [id, { kind: 'library' as const, id }]));
  await prices.getState().ask(sources, defaultLoadSettings);
  const first = prices.getState().prices.a?.estimate;
  expect(first?.settings.contextSize).toBe(16_384);

  slow = true;
  void prices.getState().ask(sources, { ...defaultLoadSettings, contextSize: 32_768 });
  expect(prices.getState().prices.a).toMatchObject({ stale: true, estimate: first });
  await new Promise((resolve) => setTimeout(resolve, 10));
  slow = false;
  await prices.getState().ask(sources, { ...defaultLoadSettings, contextSize: 65_536 });
  expect(aborted).toBe(3);
  for (const id of Object.keys(sources)) {
    expect(prices.getState().prices[id]).toMatchObject({ stale: false, estimate: { settings: { contextSize: 65_536 } } });
  }
});

test('settings change at once, are saved in order, and what core refuses is taken back', async () => {
  const release: (() => void)[] = [];
  const fake = createFakeCore({
    async 'settings.change'(patch) {
      await new Promise<void>((resolve) => release.push(resolve));
      if (patch.ejectAfterMinutes === 99) throw new Fault('settings.invalid', 'no', { key: 'ejectAfterMinutes' });
      fake.settings.push({ ...fake.settings.value, ...(patch as object) });
      return fake.settings.value;
    },
  });
  const store = createSettingsStore(fake.client);
  const change = store.getState().change;
  const done = change({ ejectAfterMinutes: 1 });
  void change({ ejectAfterMinutes: 2 });
  void change({ ejectAfterMinutes: 3, thinking: true });
  expect(store.getState().settings).toMatchObject({ ejectAfterMinutes: 3, thinking: true });
  await vi.waitFor(() => expect(release).toHaveLength(1));
  release[0]?.();
  await vi.waitFor(() => expect(release).toHaveLength(2));
  expect(store.getState().settings.ejectAfterMinutes).toBe(3);
  release[1]?.();
  expect(await done).toMatchObject({ ok: true });
  expect(fake.settings.value).toMatchObject({ ejectAfterMinutes: 3, thinking: true });
  expect(fake.calls.filter(({ method }) => method === 'settings.change')).toHaveLength(2);

  const refused = change({ ejectAfterMinutes: 99 });
  await vi.waitFor(() => expect(release).toHaveLength(3));
  release[2]?.();
  expect(await refused).toMatchObject({ ok: false, error: { code: 'settings.invalid' } });
  expect(store.getState().settings.ejectAfterMinutes).toBe(3);
});

test('a place is kept in the hash, whatever its id holds', () => {
  for (const id of ['unsloth/Qwen3.5-9B-GGUF', 'a b/ç#?', undefined]) expect(parseHash(toHash('discover', id))).toEqual({ view: 'discover', id });
  expect(parsePlace(parseHash(toHash('discover', 'a/b-GGUF:UD-Q4_K_XL')).id)).toEqual({ repo: 'a/b-GGUF', label: 'UD-Q4_K_XL' });
  expect(parseHash('#/nowhere')).toEqual({ view: 'chat', id: undefined });
  expect(parseHash('#/chat/%E0%A4%A')).toEqual({ view: 'chat', id: undefined });
});

test('a row without a speed is asked again once this machine may have been measured, and others are not', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  try {
    let measured = false;
    const { client, calls } = createFakeCore({
      'memory.estimate': ({ source, settings }) => {
        const { speed, ...said } = fakeEstimate(source, settings);
        return speed && (measured || source.kind === 'library') ? { ...said, speed } : said;
      },
    });
    const prices = createPricesStore(client);
    const hub = { kind: 'hub', repo: 'a/b', commit: '0'.repeat(40), quantization: 'b-Q4_K_M.gguf' } as const;
    const asking = prices.getState().ask({ hub, here: { kind: 'library', id: 'here' } }, defaultLoadSettings);
    await asking;
    expect(prices.getState().prices.hub?.estimate?.speed).toBeUndefined();
    measured = true;
    await vi.advanceTimersByTimeAsync(3_000);
    vi.useRealTimers();
    await vi.waitFor(() => expect(prices.getState().prices.hub?.estimate?.speed).toBeDefined());
    expect(calls.filter(({ method }) => method === 'memory.estimate')).toHaveLength(3);
  } finally {
    vi.useRealTimers();
  }
});
