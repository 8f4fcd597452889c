/** How a model lies on several cards: llama.cpp's rule, our bounds, and both against what llama-server really took on two software cards. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { EstimateAnswer, LoadPlan } from '../../shared/contract/control.ts';
import type { Card } from '../../shared/schemas/hardware.ts';
import { defaultLoadSettings, type MemorySplit, splitTotal } from '../../shared/schemas/memory.ts';
import { serverArguments } from '../engine/serverArguments.ts';
import { builtServer } from '../engine/serverBuild.ts';
import { startServer } from '../engine/serverProcess.ts';
import { defaultFolders } from '../folders.ts';
import { besideLayers } from './beside.ts';
import { heldByCards, placesOf, roomOnCards } from './perCard.ts';
import { cardEnvironment, missing, type SoftwareGpu, startSoftwareGpu } from './testing/softwareGpu.ts';
import { writeWholeModel } from './testing/wholeModel.ts';
import { fewestExperts, mostLayers, neededBytes, type Room, roomOf, spareBytes, verdictOf } from './verdict.ts';

const [mebibyte, gibibyte] = [2 ** 20, 2 ** 30];
const counts = (places: number[]): number[] => [0, 1, 2].map((card) => places.filter((place) => place === card).length);
const card = (id: number, total: number, free: number | null = total): Card => ({ id, name: `card ${id}`, total, free });

describe("llama.cpp's rule for the layers", () => {
  test.each([
    ['the same on two', 25, [8192, 8192], [13, 12, 0]],
    ['three to one', 25, [3, 1], [19, 6, 0]],
    ['one to thirty', 25, [1, 30], [1, 24, 0]],
    ['the same on three', 9, [1, 1, 1], [3, 3, 3]],
    ['a card with nothing free has none', 4, [0, 5], [0, 4, 0]],
    ['no layers', 0, [1, 1], [0, 0, 0]],
  ])('%s', (_, layers, parts, expected) => expect(counts(placesOf(layers, parts))).toEqual(expected));

  test('the first card has the first layers, the last one the output', () => expect(placesOf(3, [1, 1])).toEqual([0, 0, 1]));
});

const split = (weights: number): MemorySplit => ({ weights, kvCache: 0, state: 0, compute: 0, projector: 0 });

/** Four layers of 100 bytes, of which 60 are experts, and an output layer of 500; 7 beside them on the first card, 5 on another, 30 on the last. */
const answer = (onGpu = 5, changes: Partial<EstimateAnswer> = {}): EstimateAnswer => ({
  basis: 'exact',
  engine: 'llama-server',
  gpu: split(onGpu === 0 ? 7 : 400 + onGpu * 100 + 37),
  ram: split(0),
  layers: { total: 5, onGpu },
  placed: [0, 500, 600, 700, 800, 900],
  spared: [0, 60, 120, 180, 240],
  beside: { first: 7, other: 5, last: 30 },
  trainContext: 8192,
  ...changes,
});
const on = (...parts: number[]) => parts.map((part, id) => ({ card: card(id, 1000), gpu: 1000, part }));

describe('what each card holds', () => {
  test('its layers, and what comes on top in its place', () => {
    const all = answer();
    expect(heldByCards(all, all.layers, on(1, 1))).toEqual([307, 630]);
    expect(heldByCards(all, all.layers, on(1, 1, 1))).toEqual([207, 205, 530]);
    expect(heldByCards(all, all.layers, on(9, 1))).toEqual([937, 0]);
  });
  test('with layers in RAM the first one works for them, whatever lies on it', () => {
    expect(heldByCards(answer(), { total: 5, onGpu: 1 }, on(1, 100))).toEqual([537, 0]);
    expect(heldByCards(answer(0), { total: 5, onGpu: 0 }, on(1, 1))).toEqual([7, 0]);
    expect(heldByCards(answer(), { total: 5, onGpu: 2 }, on(0.001, 1))).toEqual([107, 530]);
  });
  test('experts in RAM leave the cards of the first layers', () => {
    const all = answer();
    expect(heldByCards(all, { ...all.layers, expertsInRam: 2 }, on(1, 1))).toEqual([187, 630]);
    expect(heldByCards(all, { ...all.layers, expertsInRam: 4 }, on(1, 1))).toEqual([127, 570]);
  });
  test('pictures lie on the first card, a model that guesses on all as the layers do', () => {
    const all = answer(5, { gpu: { ...split(937), projector: 11 }, draft: { placed: [0, 50, 60, 70], beside: { first: 1, other: 2, last: 3 } } });
    expect(heldByCards(all, all.layers, on(3, 1))).toEqual([400 + 7 + 11 + 20 + 50 + 1 + 3, 500 + 30]);
    expect(heldByCards(all, all.layers, on(1, 1))).toEqual([300 + 7 + 11 + 20 + 1, 600 + 30 + 50 + 3]);
    // In RAM it takes nothing of them.
    expect(heldByCards({ ...all, gpu: split(7) }, { total: 5, onGpu: 0 }, on(1, 1))).toEqual([7, 0]);
  });
  test('is not known where llama.cpp saw one card', () => {
    const { beside: _, ...alone } = answer();
    expect(heldByCards(alone, alone.layers, on(1, 1))).toBeUndefined();
  });
});

describe('what each card has', () => {
  const roomOn = ({ free, total }: { free: number | null; total: number }, freed: number): number => (free ?? total * 0.9) + freed;
  test('those that are named, of all', () => {
    const three = [card(0, 10, 8), card(2, 20, 20), card(3, 30, 5)];
    const settings = { cards: [{ id: 3 }, { id: 0 }] };
    expect(roomOnCards(three, settings, 0, roomOn)).toEqual([
      { card: three[0], gpu: 8, part: 8 },
      { card: three[2], gpu: 5, part: 5 },
    ]);
    expect(roomOnCards(three, {}, 0, roomOn)).toHaveLength(3);
    expect(roomOnCards(three, { cards: [{ id: 2 }] }, 0, roomOn)).toBeUndefined();
  });
  test('shares are the parts, in the order of the cards', () => {
    const settings = {
      cards: [
        { id: 1, share: 3 },
        { id: 0, share: 1 },
      ],
    };
    expect(roomOnCards([card(0, 10), card(1, 10)], settings, 0, roomOn)?.map(({ part }) => part)).toEqual([1, 3]);
    const some = { cards: [{ id: 1, share: 3 }, { id: 0 }] };
    expect(roomOnCards([card(0, 10), card(1, 20)], some, 0, roomOn)?.map(({ part }) => part)).toEqual([10, 20]);
  });
  test('what comes back comes where most is in use, and never more than that', () => {
    const two = [card(0, 100, 40), card(1, 100, 80)];
    expect(roomOnCards(two, {}, 40, roomOn)?.map(({ gpu }) => gpu)).toEqual([70, 90]);
    expect(roomOnCards(two, {}, 1000, roomOn)?.map(({ gpu }) => gpu)).toEqual([100, 100]);
  });
  test('a driver that does not tell says all of it to llama.cpp', () => {
    expect(roomOnCards([card(0, 100, null), card(1, 300, null)], {}, 40, roomOn)).toMatchObject([
      { gpu: 90, part: 100 },
      { gpu: 270, part: 300 },
    ]);
  });
});

describe('the verdict is that of the fullest card', () => {
  const room = (one: number, other: number, parts = [1, 1]): Room => ({
    ...roomOf({ backend: 'cpu', vram: { total: 2000, free: one + other, unified: false }, ram: { total: gibibyte, free: gibibyte } }),
    gpuMargin: 10,
    cards: [one, other].map((gpu, id) => ({ card: card(id, gpu), gpu, part: parts[id]! })),
  });
  test('together there is room for all, but not on the second', () => {
    expect(verdictOf(answer(), room(400, 700))).toBe('fits');
    expect(verdictOf(answer(), room(400, 635))).toBe('tight');
    expect(verdictOf(answer(), room(900, 629))).toBe('no');
    expect(spareBytes(answer(), room(400, 700))).toBe(60);
    expect(neededBytes(answer(), room(400, 700)).gpu).toBe(957);
  });
  test('as many layers as each card has room for', async () => {
    const asked: number[] = [];
    const best = await mostLayers(answer(), room(330, 599, [3, 1]), async (layers) => {
      asked.push(layers);
      return answer(layers);
    });
    // Of three layers, or fewer, all lie on the first card: with four the output is alone on the second.
    expect([best.layers.onGpu, asked]).toEqual([4, [4]]);
    expect((await mostLayers(answer(), room(900, 529, [3, 1]), async (layers) => answer(layers))).layers.onGpu).toBe(3);
  });
  test('experts leave until the fullest card has room', () => {
    expect(fewestExperts(answer(), room(257, 700))).toBe(1);
    expect(fewestExperts(answer(), room(1000, 639))).toBe(4);
    expect(fewestExperts(answer(), room(1000, 570))).toBeUndefined();
  });
});

describe('what comes on top', () => {
  const served = async (onGpu: number): Promise<number> => ({ 5: 90, 3: 80, 0: 60 })[onGpu]!;
  test('all layers on the GPU: the same on each card, and the logits on the last', async () => {
    expect(await besideLayers({ cards: 3, onGpu: 5, total: 5, compute: 90, served })).toEqual({ first: 30, other: 30, last: 30 });
    expect(await besideLayers({ cards: 3, onGpu: 5, total: 5, compute: 190, served })).toEqual({ first: 30, other: 30, last: 130 });
  });
  test('some: the first takes what the RAM is worked for with, another not more than half', async () => {
    expect(await besideLayers({ cards: 3, onGpu: 3, total: 5, compute: 180, served })).toEqual({ first: 60, other: 30, last: 130 });
  });
  test('none: all of it on the first', async () => {
    expect(await besideLayers({ cards: 3, onGpu: 0, total: 5, compute: 60, served })).toEqual({ first: 60, other: 0, last: 0 });
  });
});

const reason = missing() ?? (builtServer({ cacheFolder: defaultFolders().cache, compute: 'vulkan' }) ? undefined : 'llama-server is not built here for Vulkan');
if (reason) console.warn(`SKIPPED: two software cards: ${reason}`);
describe.skipIf(reason)('on two software cards', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-cards-'));
  const file = (model: string): string => path.join(folder, `${model}.gguf`);
  const { gpuLayers: _, ...settings } = defaultLoadSettings;
  const plan: LoadPlan = { ...settings, contextSize: 4096, vision: false, gpuLayers: 99, batchSize: 512, threads: 1 };
  let cards: SoftwareGpu;
  beforeAll(() => {
    // A hybrid whole, and the first layers of a dense model and of one with windows and experts.
    writeWholeModel('qwen3.5-0.8b-Q4_K_M', file('hybrid'));
    writeWholeModel('llama-3.1-8b-Q4_K_M', file('dense'), 8);
    writeWholeModel('gpt-oss-20b-MXFP4', file('experts'), 6);
    cards = startSoftwareGpu(8192, 2);
  });
  afterAll(async () => {
    await cards.end();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Bytes on each card by llama-server's own log, to 5 KB a buffer. */
  async function took(model: string, plan: LoadPlan): Promise<number[]> {
    for (const [name, value] of Object.entries({ ...cardEnvironment(folder, 8192, { cards: 2 }), ATELIER_THREADS: '1' })) vi.stubEnv(name, value);
    const args = await serverArguments({ model: file(model), plan, ...(plan.speculation && { speculation: { type: 'draft', model: file(model) } }) });
    const reserved = Promise.withResolvers<void>();
    // Then all is allocated; a first word on such a card would take a minute.
    let contexts = plan.speculation ? 2 : 1;
    const onLine = (line: string): void => void (/sched_reserve: graph/.test(line) && --contexts === 0 && reserved.resolve());
    const server = await startServer(builtServer({ cacheFolder: defaultFolders().cache, compute: 'vulkan' })!, args, onLine);
    vi.unstubAllEnvs();
    await Promise.race([reserved.promise, server.exited]);
    await server.kill();
    const buffers = server.log.lines().flatMap((line) => /Vulkan([01])\s+(model|KV|RS|compute) buffer size =\s*([\d.]+) MiB/.exec(line) ?? []);
    const held = [0, 0];
    for (let at = 0; at < buffers.length; at += 4) held[Number(buffers[at + 1])]! += Number(buffers[at + 3]) * mebibyte;
    return held;
  }

  const guessing: Partial<LoadPlan> = { speculation: { type: 'draft', model: 'library id' } };
  const rows: [string, Partial<LoadPlan>][] = [
    ['hybrid', guessing],
    ['hybrid', {}],
    [
      'hybrid',
      {
        cards: [
          { id: 0, share: 3 },
          { id: 1, share: 1 },
        ],
      },
    ],
    ['hybrid', { gpuLayers: 6 }],
    [
      'dense',
      {
        cards: [
          { id: 0, share: 1 },
          { id: 1, share: 5 },
        ],
      },
    ],
    ['dense', { gpuLayers: 6 }],
    ['dense', { contextSize: 8192, flashAttention: false }],
    ['dense', { contextSize: 8192, flashAttention: false, gpuLayers: 5 }],
    ['experts', {}],
    ['experts', { gpuLayers: 3 }],
    ['experts', { expertsInRam: 2 }],
  ];
  test('no card takes more than was said', { timeout: 240_000 }, async () => {
    const worst: number[] = [];
    for (const [model, changes] of rows) {
      const asked = { ...plan, ...changes };
      const [real, { answer }] = await Promise.all([
        took(model, asked),
        cards.ask({ header: file(model), plan: asked, served: true, ...(asked.speculation && { draft: file(model) }) }),
      ]);
      const room = roomOnCards([card(0, 8 * gibibyte, null), card(1, 8 * gibibyte, null)], asked, 0, () => 0)!;
      const held = heldByCards(answer, answer.layers, room)!;
      const name = `${model} ${JSON.stringify(changes)}`;
      console.log(
        `${name}: ${held.map((bytes, at) => `card ${at} ${(bytes / mebibyte).toFixed(2)} MiB, took ${(real[at]! / mebibyte).toFixed(2)}`).join('; ')}`,
      );
      for (const [at, bytes] of held.entries()) {
        expect(bytes, name).toBeGreaterThanOrEqual(real[at]! - 0.05 * mebibyte);
        worst.push((bytes - real[at]!) / mebibyte);
      }
    }
    console.log(
      `two software cards: at most ${Math.max(...worst).toFixed(1)} MiB more than was taken on one, on average ${(worst.reduce((a, b) => a + b) / worst.length).toFixed(1)}`,
    );
    expect(Math.max(...worst)).toBeLessThan(150);
  });

  test('node-llama-cpp takes no more than was said of both', { timeout: 120_000 }, async () => {
    for (const [model, gpuLayers] of [
      ['hybrid', 99],
      ['dense', 99],
      ['dense', 6],
    ] as const) {
      const asked = { ...plan, gpuLayers };
      const { answer } = await cards.ask({ header: file(model), plan: asked });
      const real = await cards.load(file(model), asked);
      const over = (splitTotal(answer.gpu) - real.gpu) / mebibyte;
      console.log(`node-llama-cpp, ${model} with ${gpuLayers} layers: ${over.toFixed(2)} MiB more than both cards took`);
      if (gpuLayers === 99) expect(over).toBeGreaterThanOrEqual(0);
      else expect(over).toBe(0);
      expect(over).toBeLessThan(40);
    }
  });
});
