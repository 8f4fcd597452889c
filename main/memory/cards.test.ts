/** Estimates of a model that may use some of several cards: what is asked where, what is said of each, and when none is said. */
import { expect, test, vi } from 'vitest';
import type { EstimateAnswer, EstimateRequest } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { Card, Hardware } from '../../shared/schemas/hardware.ts';
import { defaultLoadSettings, type LoadSettings } from '../../shared/schemas/memory.ts';
import { modelFacts } from '../gguf/facts.ts';
import { createMemory, type MemoryParts } from './estimate.ts';
import { header } from './testing/allocations.ts';

const mebibyte = 2 ** 20;
const source = { kind: 'library', id: 'a/b/model.gguf' } as const;
const never = new AbortController().signal;
const settings: LoadSettings = { ...defaultLoadSettings, contextSize: 8192, vision: false };
const both = [{ id: 0 }, { id: 1 }];
const cards: Card[] = [
  { id: 0, name: 'A', total: 8192 * mebibyte, free: 4000 * mebibyte },
  { id: 1, name: 'B', total: 8192 * mebibyte, free: 2000 * mebibyte },
];

/** Of the cards that are seen. */
const hardware = (seen: readonly Card[]): Hardware => ({
  backend: 'vulkan',
  gpus: seen.map(({ name }) => name),
  vram: { total: 8192 * mebibyte * seen.length, free: seen.reduce((sum, { free }) => sum + free!, 0), unified: false },
  ram: { total: 32768 * mebibyte, free: 16384 * mebibyte },
  cpu: { name: 'cpu', threads: 2 },
  disk: { total: 0, free: 0 },
  llamaCpp: 'v0.5.0',
});

/** 33 layers of 100 MiB, and on several cards 50 beside them on each. */
function answerTo({ plan, served }: EstimateRequest): EstimateAnswer {
  const several = plan.cards?.length !== 1;
  const compute = (several ? 100 : 50) * mebibyte;
  return {
    basis: 'exact',
    engine: served ? 'llama-server' : 'node-llama-cpp',
    gpu: { weights: plan.gpuLayers * 100 * mebibyte, kvCache: 0, state: 0, compute, projector: 0 },
    ram: { weights: (33 - plan.gpuLayers) * 100 * mebibyte, kvCache: 0, state: 0, compute: 0, projector: 0 },
    layers: { total: 33, onGpu: plan.gpuLayers },
    placed: Array.from({ length: 34 }, (_, layers) => layers * 100 * mebibyte),
    ...(several && { beside: { first: 50 * mebibyte, other: 50 * mebibyte, last: 50 * mebibyte } }),
    trainContext: 131072,
  };
}

function memoryOf(parts: Partial<MemoryParts> = {}, there = cards) {
  const estimate = vi.fn(async (request: EstimateRequest) => answerTo(request));
  const asked = vi.fn(async (_: string, used: LoadSettings['cards']) => {
    const gone = used?.find(({ id }) => !there.some((card) => card.id === id));
    if (gone) throw new Fault('engine.noCard', 'gone', { card: gone.id });
    return hardware(there.filter(({ id }) => !used || used.some((one) => one.id === id)));
  });
  const memory = createMemory({
    headers: { forHub: async () => ({ path: '/slim', facts }), forFile: async () => ({ path: '/slim', facts }) },
    library: { resolve: async () => ({ files: ['/m.gguf'] }) },
    engine: { estimate, hardware: asked, cards: async () => there },
    folders: { models: '/models' },
    model: () => Promise.reject(new Error('no Hub')),
    ...parts,
  });
  const of = (changes: Partial<LoadSettings>) => memory.estimate({ source, settings: { ...settings, ...changes } }, never);
  return { memory, estimate, asked, of };
}
const facts = modelFacts([header('llama-3.1-8b-Q4_K_M')]);
const mib = (bytes: number): number => bytes / mebibyte;

test('on two cards each is said, layers go by what is free, and it fits as both hold their part', async () => {
  const { of } = memoryOf();
  const { cards: said, ...shown } = await of({});
  // Two thirds of 33 layers on the first.
  expect(said?.map(({ id, name, needs }) => [id, name, mib(needs)])).toEqual([
    [0, 'A', 2250],
    [1, 'B', 1150],
  ]);
  expect(shown).toMatchObject({ basis: 'about', verdict: 'fits', layers: { onGpu: 33 }, free: { gpu: 6000 * mebibyte } });
});

test('shares that one card has no room for leave fewer layers there, although both together had it', async () => {
  const { of, estimate } = memoryOf({ served: () => true });
  const shares = [
    { id: 0, share: 1 },
    { id: 1, share: 3 },
  ];
  const { cards: said, ...shown } = await of({ cards: shares });
  expect(shown).toMatchObject({ engine: 'llama-server', settings: { cards: shares }, verdict: 'partial' });
  const most = said![1]!;
  // Another layer would take what is kept beside it.
  expect(mib(most.needs)).toBeLessThanOrEqual(2000 - 150);
  expect(mib(most.needs)).toBeGreaterThan(2000 - 150 - 100);
  expect(await of({ cards: shares, gpuLayers: 33 })).toMatchObject({ verdict: 'no' });
  expect(await of({ cards: both, gpuLayers: 33 })).toMatchObject({ verdict: 'fits' });
  // llama.cpp is not asked again for every position of a share.
  expect(estimate.mock.calls.every(([{ plan }]) => plan.cards?.every((card) => !('share' in card)))).toBe(true);
});

test('of the one card that is chosen the same is said as of the GPU, and no other is asked about', async () => {
  const { of, asked } = memoryOf();
  const shown = await of({ cards: [{ id: 1 }] });
  expect(shown).toMatchObject({ basis: 'exact', free: { gpu: 2000 * mebibyte }, layers: { onGpu: 18 }, verdict: 'partial' });
  expect(shown.cards).toEqual([{ ...cards[1], needs: 1850 * mebibyte }]);
  await of({ cards: [{ id: 1 }] });
  expect(asked.mock.calls).toEqual([['/models', [{ id: 1 }]]]);
});

test('shares need llama-server: without it they are left out, of the settings that are said and of the plan', async () => {
  const { of, memory } = memoryOf();
  const asked = { ...settings, cards: both.map((card) => ({ ...card, share: 1 })) };
  const shown = await of(asked);
  expect(shown).toMatchObject({ engine: 'node-llama-cpp', settings: { cards: both } });
  expect(memory.plan(asked, shown).cards).toEqual(both);
  const served = memoryOf({ served: () => true });
  expect(served.memory.plan(asked, await served.of(asked)).cards).toEqual(asked.cards);
});

test('a card that is gone is told instead of computing elsewhere', async () => {
  const { of, memory } = memoryOf({}, cards.slice(0, 1));
  await expect(of({ cards: both })).rejects.toMatchObject({ code: 'engine.noCard', data: { card: 1 } });
  await expect(memory.limits({ source, settings: { ...settings, cards: [{ id: 1 }] } }, never)).rejects.toMatchObject({ code: 'engine.noCard' });
  expect((await of({ cards: [{ id: 0 }] })).verdict).toBe('fits');
});

test('free memory is read of the cards that are meant, not of those asked about before', async () => {
  const { of } = memoryOf();
  const free = async (used: LoadSettings['cards']) => mib((await of(used ? { cards: used } : {})).free.gpu!);
  expect([await free([{ id: 0 }]), await free([{ id: 1 }]), await free(undefined)]).toEqual([4000, 2000, 6000]);
});

test('what loaded models hold comes back on the cards that are meant', async () => {
  const loaded = vi.fn(() => ({ gpu: 1000 * mebibyte, ram: 0 }));
  const { of } = memoryOf({ loaded });
  expect((await of({ cards: [{ id: 1 }] })).layers.onGpu).toBe(28);
  expect(loaded.mock.calls).toEqual([[[{ id: 1 }]]]);
  // Where more is in use, more comes back.
  const { cards: said } = await of({});
  expect(said?.map(({ free }) => Math.round(mib(free!)))).toEqual([4404, 2596]);
});

test('what llama.cpp leaves alone beside a card has no memory for a model', async () => {
  const whole = { ...hardware(cards), vram: { total: 16384 * mebibyte, free: 6000 * mebibyte, unified: true } };
  const { of } = memoryOf({ engine: { estimate: async (request) => answerTo(request), hardware: async () => whole, cards: async () => cards.slice(1) } });
  const shown = await of({});
  expect(shown).toMatchObject({ free: { gpu: 2000 * mebibyte }, verdict: 'partial', basis: 'exact' });
  expect(shown.cards).toBeUndefined();
});

test('as much must be free for a load as its margin on every card', async () => {
  const { memory, of } = memoryOf();
  expect(mib((await memory.needs(await of({}))).gpu)).toBe(3300 + 100 + 2 * 150);
  expect(mib((await memory.needs(await of({ cards: [{ id: 0 }] }))).gpu)).toBe(3300 + 50 + 150);
});
