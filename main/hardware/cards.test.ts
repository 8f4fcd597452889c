/** The list of cards: how each is found, what is read again, and what a process that sees only some of them is told. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { control } from '../../shared/contract/control.ts';
import { connect } from '../../shared/rpc/connect.ts';
import type { Handlers } from '../../shared/rpc/define.ts';
import { portPair } from '../../shared/rpc/port.ts';
import { serve } from '../../shared/rpc/serve.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import { forkEngine } from '../engine/fork.ts';
import { cardEnvironment, missing } from '../memory/testing/softwareGpu.ts';
import type { EngineProcess } from '../platform.ts';
import { createCards } from './cards.ts';

const gibibyte = 2 ** 30;

/** What one process sees of a machine. */
const seen = (gpus: string[], { free = (7 * gibibyte) as number | null, unified = false, backend = 'vulkan' as Hardware['backend'] } = {}): Hardware => ({
  backend: gpus.length > 0 ? backend : 'cpu',
  gpus,
  vram: { total: 8 * gibibyte * gpus.length, free, unified },
  ram: { total: 0, free: 0 },
  cpu: { name: 'cpu', threads: 2 },
  disk: { total: 0, free: 0 },
  llamaCpp: 'v0.5.0',
});

/** A machine whose processes see what `of` says of their variable; one that throws is a driver that ends them. */
function machine(whole: Hardware, of: (visible: string) => Hardware | undefined, env: NodeJS.ProcessEnv = {}, freshMs = 60_000) {
  const started: Record<string, string>[] = [];
  let [alive, most] = [0, 0];
  const start = (given: Record<string, string>): EngineProcess => {
    started.push(given);
    alive++;
    most = Math.max(most, alive);
    const [near, far] = portPair();
    const ended = Promise.withResolvers<{ code: number | null; signal: string | null; lastWords: string }>();
    const kill = (): void => {
      near.close();
      // A process is gone a moment after it was told to go.
      setTimeout(() => ended.resolve({ code: null, signal: 'SIGKILL', lastWords: '' }), 5);
    };
    void ended.promise.then(() => alive--);
    const answer = of(given.GGML_VK_VISIBLE_DEVICES ?? given.CUDA_VISIBLE_DEVICES ?? '');
    const hardware = (): Hardware => {
      if (answer) return answer;
      throw new Error('no device');
    };
    serve(control, { hardware } as unknown as Handlers<typeof control>, far, () => {});
    return { port: near, exited: ended.promise, kill };
  };
  const cards = createCards({ start, hardware: async () => whole, env, freshMs });
  return { cards, started, alive: () => alive, most: () => most };
}

const two = seen(['A', 'B']);
const each = (names: string[]) => (visible: string) => (names[Number(visible)] === undefined ? undefined : seen([names[Number(visible)]!]));

describe('without several cards no process is started', () => {
  test.each([
    ['no GPU', seen([]), []],
    ['one', seen(['A']), [{ id: 0, name: 'A', total: 8 * gibibyte, free: 7 * gibibyte }]],
    ['a Mac', seen(['A', 'B'], { backend: 'metal' }), [{ id: 0, name: 'A, B', total: 16 * gibibyte, free: 7 * gibibyte }]],
  ])('%s', async (_, whole, expected) => {
    const { cards, started } = machine(whole, () => undefined);
    expect(await cards.list()).toEqual(expected);
    expect(started).toEqual([]);
  });

  test('and the only one needs no environment, as its index may be another', async () => {
    const { cards } = machine(seen(['A']), () => undefined);
    expect(await cards.environment([0])).toEqual({});
    await expect(cards.environment([1])).rejects.toMatchObject({ code: 'engine.noCard', data: { card: 1, cards: [0] } });
  });
});

test('each card is seen by a process of its own, which ends, and as soon as all are known no more is started', async () => {
  const { cards, started, alive, most } = machine(two, each(['A', 'B', 'llvmpipe']));
  expect(await cards.list()).toEqual([
    { id: 0, name: 'A', total: 8 * gibibyte, free: 7 * gibibyte },
    { id: 1, name: 'B', total: 8 * gibibyte, free: 7 * gibibyte },
  ]);
  expect(started).toEqual([
    { ATELIER_GPU: 'vulkan', GGML_VK_VISIBLE_DEVICES: '0' },
    { ATELIER_GPU: 'vulkan', GGML_VK_VISIBLE_DEVICES: '1' },
  ]);
  // One that still held its driver would be counted as taken.
  expect([alive(), most()]).toEqual([0, 1]);
});

test('what llama.cpp does not use by itself is passed over: a driver in RAM, a second driver for a card, an index that cannot be asked', async () => {
  const { cards } = machine(seen(['A', 'A']), each(['llvmpipe', 'A', 'A (other driver)', undefined as unknown as string, 'A']));
  expect((await cards.list()).map(({ id }) => id)).toEqual([1, 4]);
});

test('a card that shares the RAM is not listed beside one with memory of its own, as llama.cpp leaves it alone', async () => {
  const { cards } = machine(two, (visible) => seen([visible === '0' ? 'A' : 'B'], { unified: visible === '0' }));
  expect((await cards.list()).map(({ name }) => name)).toEqual(['B']);
  const alike = machine(two, (visible) => seen([visible === '0' ? 'A' : 'B'], { unified: true }));
  expect((await alike.cards.list()).map(({ name }) => name)).toEqual(['A', 'B']);
});

test('simultaneous questions are one, and free memory is read again once it is old', async () => {
  const free = [7 * gibibyte, 5 * gibibyte];
  const { cards, started } = machine(two, (visible) => seen([visible === '0' ? 'A' : 'B'], { free: free[0]! }), {}, 0);
  const [one, other] = await Promise.all([cards.list(), cards.list()]);
  expect(one).toBe(other);
  expect(started).toHaveLength(2);
  free.shift();
  expect((await cards.list()).map((card) => card.free)).toEqual([5 * gibibyte, 5 * gibibyte]);
  expect(started).toHaveLength(4);
});

test('who asks again before it is old does not wait, and the next answer is new', async () => {
  const free = [7 * gibibyte, 5 * gibibyte];
  const { cards, started } = machine(two, (visible) => seen([visible === '0' ? 'A' : 'B'], { free: free[0]! }), {}, 10_000);
  const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
  const read = async () => (await cards.list())[0]!.free;
  await read();
  free.shift();
  clock.mockReturnValue(4_999);
  expect([await read(), started.length]).toEqual([7 * gibibyte, 2]);
  clock.mockReturnValue(5_000);
  expect(await read()).toBe(7 * gibibyte);
  await expect.poll(() => read()).toBe(5 * gibibyte);
  expect(started).toHaveLength(4);
  clock.mockRestore();
});

test('cards that the environment allows already are counted from 0, and passed on by their own names', async () => {
  const env = { CUDA_VISIBLE_DEVICES: 'GPU-b,GPU-a' };
  const { cards, started } = machine(seen(['A', 'B'], { backend: 'cuda' }), (visible) => seen([visible === 'GPU-a' ? 'A' : 'B'], { backend: 'cuda' }), env);
  expect((await cards.list()).map(({ id, name }) => [id, name])).toEqual([
    [0, 'B'],
    [1, 'A'],
  ]);
  expect(started).toEqual([
    { ATELIER_GPU: 'cuda', CUDA_VISIBLE_DEVICES: 'GPU-b' },
    { ATELIER_GPU: 'cuda', CUDA_VISIBLE_DEVICES: 'GPU-a' },
  ]);
  expect(await cards.environment([1, 0])).toEqual({ ATELIER_GPU: 'cuda', CUDA_VISIBLE_DEVICES: 'GPU-b,GPU-a' });
});

test('cards of CUDA keep their order whatever their speed, unless the environment has one', async () => {
  const whole = seen(['A', 'B'], { backend: 'cuda' });
  const of = (visible: string) => seen([visible === '0' ? 'A' : 'B'], { backend: 'cuda' });
  expect(await machine(whole, of).cards.environment([1])).toEqual({ ATELIER_GPU: 'cuda', CUDA_VISIBLE_DEVICES: '1', CUDA_DEVICE_ORDER: 'PCI_BUS_ID' });
  expect(await machine(whole, of, { CUDA_DEVICE_ORDER: 'FASTEST_FIRST' }).cards.environment([1])).toEqual({ ATELIER_GPU: 'cuda', CUDA_VISIBLE_DEVICES: '1' });
});

test('a card that was taken out is told, and so is one that took its index', async () => {
  const names = ['A', 'B'];
  const { cards } = machine(two, (visible) => each(names)(visible), {}, 0);
  await cards.list();
  names.shift();
  expect((await cards.list()).map(({ id, name }) => [id, name])).toEqual([[0, 'B']]);
  await expect(cards.environment([0, 1])).rejects.toMatchObject({ code: 'engine.noCard', data: { card: 1, cards: [0] } });
});

test('a process of another backend, or one that sees more than its card, is none', async () => {
  const { cards } = machine(two, (visible) => (visible === '0' ? seen(['A'], { backend: 'cuda' }) : visible === '1' ? seen(['A', 'B']) : undefined));
  expect(await cards.list()).toEqual([]);
});

const reason = missing();
describe.skipIf(reason)(`on the software GPU${reason ? `: skipped, ${reason}` : ''}`, () => {
  test('a card that is there twice is two cards', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-cards-'));
    const gpu = cardEnvironment(folder, 8192, { cards: 2 });
    const start = (env: Record<string, string>) => forkEngine({ entry: fileURLToPath(new URL('../engine/host.ts', import.meta.url)), env: { ...gpu, ...env } });
    const name = /llvmpipe/;
    try {
      const { port, kill, exited } = start({ ATELIER_GPU: 'vulkan' });
      const asked = await connect(control, port).call('hardware', { folder });
      if (!asked.ok) throw new Error(asked.error.message);
      kill();
      await exited;
      expect(asked.value.gpus).toEqual([expect.stringMatching(name), expect.stringMatching(name)]);
      const cards = createCards({ start, hardware: async () => asked.value, env: gpu });
      const card = { name: asked.value.gpus[0], total: 8 * gibibyte, free: null };
      expect(await cards.list()).toEqual([
        { id: 0, ...card },
        { id: 1, ...card },
      ]);
      expect(await cards.environment([1])).toEqual({ ATELIER_GPU: 'vulkan', GGML_VK_VISIBLE_DEVICES: '0' });
      // What a list without an index gives where the card is gone.
      const unlisted = createCards({ start: (env) => start({ ...env, GGML_VK_VISIBLE_DEVICES: '1' }), hardware: async () => asked.value, env: gpu });
      expect(await unlisted.list()).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
