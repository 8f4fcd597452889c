/** What a person is told for every kind of machine. */
import { expect, test } from 'vitest';
import type { EstimateAnswer } from '../../shared/contract/control.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import type { MemorySplit } from '../../shared/schemas/memory.ts';
import { mostLayers, roomOf, verdictOf } from './verdict.ts';

const [mebibyte, gibibyte] = [2 ** 20, 2 ** 30];
const split = (weights: number): MemorySplit => ({ weights, kvCache: 0, state: 0, compute: 0, projector: 0 });

/** A model of 32 layers and an output layer, 100 MiB each, that computes in 500 MiB on the GPU and in 100 in RAM. */
const answer = (onGpu: number): EstimateAnswer => ({
  basis: 'exact',
  engine: 'node-llama-cpp',
  gpu: split(onGpu > 0 ? (onGpu * 100 + 500) * mebibyte : 0),
  ram: split(((33 - onGpu) * 100 + 100) * mebibyte),
  layers: { total: 33, onGpu },
  placed: Array.from({ length: 34 }, (_, layers) => layers * 100 * mebibyte),
  trainContext: 8192,
});

const machine = (backend: Hardware['backend'], free: number | null, total = 24 * gibibyte, ram = 32 * gibibyte) =>
  roomOf({ backend, vram: { total, free, unified: false }, ram: { total: ram, free: ram } });

const auto = async (room: ReturnType<typeof machine>, all = answer(33)) => {
  const asked: number[] = [];
  const chosen = await mostLayers(all, room, async (layers) => {
    asked.push(layers);
    return answer(layers);
  });
  return { layers: chosen.layers.onGpu, verdict: verdictOf(chosen, room), asked };
};

// All layers take 3800 MiB.
test.each([
  ['fits with the margin of the backend left', machine('cuda', 4150 * mebibyte), 33, 'fits'],
  ['is tight a byte inside the margin of CUDA', machine('cuda', 4150 * mebibyte - 1), 33, 'tight'],
  ['fits Vulkan with its smaller margin', machine('vulkan', 3950 * mebibyte), 33, 'fits'],
  ['is tight a byte inside the margin of Vulkan', machine('vulkan', 3950 * mebibyte - 1), 33, 'tight'],
  ['is tight a byte inside the margin of Metal', machine('metal', 4056 * mebibyte - 1), 33, 'tight'],
  ['is tight to the last byte', machine('cuda', 3800 * mebibyte), 33, 'tight'],
  ['goes partly to the GPU a byte below', machine('cuda', 3800 * mebibyte - 1), 29, 'partial'],
  ['goes to the GPU with one layer', machine('cuda', 950 * mebibyte), 1, 'partial'],
  ['goes to RAM where not even one layer fits', machine('cuda', 949 * mebibyte), 0, 'ram'],
  ['goes nowhere without RAM for the rest', machine('cuda', 949 * mebibyte, gibibyte, 3 * gibibyte), 0, 'no'],
  ['goes nowhere where the rest of a partial load lacks RAM', machine('cuda', 2000 * mebibyte, gibibyte, gibibyte), 11, 'no'],
] as const)('%s', async (_, room, layers, verdict) => {
  expect(await auto(room)).toMatchObject({ layers, verdict });
});

test('counts nine tenths where the driver does not tell what is free, and never says it fits', async () => {
  expect(await auto(machine('vulkan', null, 24 * gibibyte))).toMatchObject({ layers: 33, verdict: 'tight' });
  expect(await auto(machine('vulkan', null, 3800 * mebibyte))).toMatchObject({ verdict: 'partial' });
});

test('asks a layer count or two, not each', async () => {
  const { asked } = await auto(machine('cuda', 2000 * mebibyte));
  expect(asked).toEqual([11]);
  expect((await auto(machine('cuda', 8000 * mebibyte))).asked).toEqual([]);
});

test.each([
  ['more the fewer layers are there', (layers: number) => 900 - 10 * layers],
  ['less the fewer layers are there', (layers: number) => 300 + 10 * layers],
  ['now more, now less', (layers: number) => 500 + 130 * (layers % 3)],
])('what compute takes may be %s: the layers fit, and one more would not by what compute took', async (_, compute) => {
  const at = (onGpu: number): EstimateAnswer => {
    const plain = answer(onGpu);
    return { ...plain, gpu: { ...split(onGpu * 100 * mebibyte), compute: onGpu > 0 ? compute(onGpu) * mebibyte : 0 } };
  };
  for (let free = 400; free < 3800; free += 30) {
    const asked: number[] = [];
    const chosen = await mostLayers(at(33), machine('cuda', free * mebibyte), async (layers) => {
      asked.push(layers);
      return at(layers);
    });
    const layers = chosen.layers.onGpu;
    if (layers > 0) expect(layers * 100 + compute(layers)).toBeLessThanOrEqual(free - 350);
    expect((layers + 1) * 100 + Math.max(compute(layers || 1), compute(layers + 1))).toBeGreaterThan(free - 350);
    expect(asked.length).toBeLessThanOrEqual(5);
    expect(new Set(asked).size).toBe(asked.length);
  }
});

test('a machine without a GPU runs it in RAM or not at all', async () => {
  const alone = (ram: number) => machine('cpu', 0, 0, ram);
  // 3400 MiB and 300 of margin.
  expect(await auto(alone(3700 * mebibyte), answer(0))).toEqual({ layers: 0, verdict: 'ram', asked: [] });
  expect(await auto(alone(3700 * mebibyte - 1), answer(0))).toEqual({ layers: 0, verdict: 'no', asked: [] });
});

test('the copies of the state that a chat comes to keep need RAM too, without a limit where llama-server keeps them', () => {
  const of = (state: number, engine: EstimateAnswer['engine']): EstimateAnswer => ({
    ...answer(33),
    gpu: { ...answer(33).gpu, state: state * mebibyte },
    engine,
  });
  const room = (ram: number) => machine('cuda', 8 * gibibyte, 8 * gibibyte, ram * mebibyte);
  const needs = (answer: EstimateAnswer, ram: number): void => {
    expect(verdictOf(answer, room(ram - 1))).toBe('no');
    expect(verdictOf(answer, room(ram))).toBe('fits');
  };
  // 100 MiB, 300 of margin, and as many copies as fit into 512.
  needs(of(20, 'llama-server'), 400 + 16 * 20);
  needs(of(100, 'node-llama-cpp'), 400 + 5 * 100);
  needs(of(100, 'llama-server'), 400 + 5 * 100);
  needs(of(200, 'node-llama-cpp'), 400 + 512);
  needs(of(200, 'llama-server'), 400 + 4 * 200);
});

test('what the loaded model holds counts as free, as it goes first', () => {
  const hardware = { backend: 'cuda', vram: { total: 8 * gibibyte, free: gibibyte, unified: false }, ram: { total: gibibyte, free: gibibyte } } as const;
  const room = roomOf(hardware, { gpu: 4 * gibibyte, ram: gibibyte });
  expect(verdictOf(answer(33), roomOf(hardware))).toBe('no');
  expect(verdictOf(answer(33), room)).toBe('fits');
});
