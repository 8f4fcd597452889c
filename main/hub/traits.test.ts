/** Traits: a model's facts, and the quantization to take here by as few estimates as can tell. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { builtinRepositories } from '../../e2e/hub/builtin.ts';
import { type Hub as StandIn, startHub } from '../../e2e/hub/start.ts';
import { recommend } from '../../shared/recommend.ts';
import { type ErrorCode, Fault } from '../../shared/result.ts';
import type { ModelDetail, Quantization } from '../../shared/schemas/hub.ts';
import { defaultLoadSettings, type Estimate, type LoadSettings, type MemorySplit } from '../../shared/schemas/memory.ts';
import { createHub } from './client.ts';
import { readModel } from './files.ts';
import { createTraits, type TraitsParts } from './traits.ts';

const never = new AbortController().signal;
const gigabyte = 1e9;
const none: MemorySplit = { weights: 0, kvCache: 0, state: 0, compute: 0, projector: 0 };
const nine = 'unsloth/Qwen3.5-9B-GGUF';
let standIn: StandIn;
let detail: ModelDetail;

beforeAll(async () => {
  standIn = await startHub({ repositories: builtinRepositories(fileURLToPath(new URL('../../e2e/fixtures', import.meta.url))) });
  detail = await readModel(hub(), nine, never);
});
afterAll(() => standIn.close());
const hub = () => createHub({ endpoint: standIn.endpoint, redirectHosts: standIn.redirectHosts, token: undefined });

/** A machine: bytes free on the GPU (0: it has none) and in RAM. A model takes its file's bytes and half a gigabyte, wherever it is. */
const machine =
  (gpu: number, ram: number, model = detail) =>
  (id: string, settings: LoadSettings = defaultLoadSettings): Estimate => {
    const { size } = model.quantizations.find((each) => each.id === id)!;
    const needs = size + gigabyte / 2;
    const onGpu = gpu === 0 ? 0 : Math.max(0, Math.min(33, Math.floor((33 * gpu) / needs)));
    const share = onGpu / 33;
    const verdict = needs * (1 - share) > ram ? 'no' : onGpu === 0 ? 'ram' : onGpu < 33 ? 'partial' : needs + gigabyte / 3 > gpu ? 'tight' : 'fits';
    const sides = { gpu: { ...none, weights: needs * share }, ram: { ...none, weights: needs * (1 - share) } };
    return { basis: 'exact', engine: 'node-llama-cpp', settings, layers: { total: 33, onGpu }, ...sides, free: { gpu, ram }, verdict, trainContext: 262_144 };
  };

const asked: string[] = [];
beforeEach(() => {
  asked.length = 0;
});
function open(answer: (id: string, settings: LoadSettings) => Estimate, parts: Partial<TraitsParts> = {}) {
  const estimate: TraitsParts['estimate'] = async ({ source, settings }) => {
    if (source.kind !== 'hub') throw new Error('not of the Hub');
    expect(source).toMatchObject({ repo: nine, commit: detail.commit });
    asked.push(source.quantization);
    return answer(source.quantization, settings);
  };
  return createTraits({ model: async () => detail, estimate, settings: () => defaultLoadSettings, ...parts });
}
/** A model of many quantizations, as the large publishers have them. */
const many = (labels: string[]): ModelDetail => ({
  ...detail,
  quantizations: labels.map((label, index): Quantization => ({ id: `m-${label}.gguf`, label, files: [], size: Math.round((18 - index * 0.7) * gigabyte) })),
});
test('the facts of the model, and the best that fits on a large GPU by two estimates', async () => {
  expect(await open(machine(24 * gigabyte, 32 * gigabyte)).traits(nine, never)).toEqual({
    ...{ repo: nine, architecture: 'qwen35', runnable: true, parameters: detail.parameters, contextLength: 262_144, licence: 'apache-2.0', commercial: 'yes' },
    ...{ vision: false, tools: true, thinking: true, system: true },
    best: {
      quantization: 'Qwen3.5-9B-Q8_0.gguf',
      label: 'Q8_0',
      size: expect.any(Number),
      needs: 10_025_620_480,
      verdict: 'fits',
      layers: { total: 33, onGpu: 33 },
    },
  });
  expect(asked.length).toBeLessThanOrEqual(2);
});

test.each([
  [8.4, 'Q6_K', 'fits'],
  [7.6, 'Q5_K_M', 'fits'],
  [6.6, 'Q4_K_M', 'fits'],
  [6.2, 'IQ4_XS', 'fits'],
])('with %d GB free on the GPU it is %s, which %s', async (free, label, verdict) => {
  const { best } = await open(machine(free * gigabyte, 32 * gigabyte)).traits(nine, never);
  expect(best).toMatchObject({ label, verdict });
});

test('where nothing fits wholly it is a good one with some layers on the GPU; without a GPU a good one in RAM; else none', async () => {
  expect((await open(machine(3 * gigabyte, 32 * gigabyte)).traits(nine, never)).best).toMatchObject({ label: 'IQ4_XS', verdict: 'partial' });
  expect((await open(machine(0, 32 * gigabyte)).traits(nine, never)).best).toMatchObject({ label: 'Q4_K_M', verdict: 'ram', layers: { onGpu: 0 } });
  expect((await open(machine(0, 2 * gigabyte)).traits(nine, never)).best).toBeUndefined();
});

test('on any machine it is what the picker recommends, which estimates all of them, by at most nine estimates', async () => {
  const nineteen = many(
    'BF16 UD-Q8_K_XL Q8_0 UD-Q6_K_XL Q6_K UD-Q5_K_XL Q5_K_M Q5_K_S UD-Q4_K_XL Q4_K_M Q4_K_S IQ4_NL IQ4_XS UD-Q3_K_XL Q3_K_M Q3_K_S UD-Q2_K_XL UD-IQ2_M Q2_K'.split(
      ' ',
    ),
  );
  let most = 0;
  for (const model of [detail, nineteen])
    for (let free = 0; free < 26; free += 0.3) {
      asked.length = 0;
      const at = machine(free * gigabyte, 32 * gigabyte, model);
      const { best } = await open(at, { model: async () => model }).traits(nine, never);
      expect(new Set(asked).size).toBe(asked.length);
      most = Math.max(most, asked.length);
      const all = recommend(model.quantizations.map((quantization) => ({ quantization, estimate: at(quantization.id) })));
      // Two with as many layers on the GPU are as good.
      if (all?.reason === 'partialBest') expect(best).toMatchObject({ verdict: 'partial', layers: all.layers });
      else expect(best?.label, `${free} GB of ${model.quantizations.length}`).toBe(all?.label);
    }
  expect(most).toBeLessThanOrEqual(9);
});

test('what this llama.cpp cannot run is not estimated, nor what nobody has quantized for', async () => {
  const odd: ModelDetail = { ...detail, quantizations: detail.quantizations.map((each) => ({ ...each, unsupported: 'ik' })) };
  expect(await open(machine(9e9, 9e9), { model: async () => odd }).traits(nine, never)).not.toHaveProperty('best');
  expect(await open(machine(9e9, 9e9), { model: async () => ({ ...detail, runnable: false }) }).traits(nine, never)).toMatchObject({ runnable: false });
  expect(await open(machine(9e9, 9e9), { model: async () => ({ ...detail, quantizations: [] }) }).traits(nine, never)).not.toHaveProperty('best');
  expect(asked).toEqual([]);
});

test('asked as the page asks: the person’s settings, no more context than the model has, no projector that is not there', async () => {
  const seen: LoadSettings[] = [];
  const wanted: LoadSettings = { ...defaultLoadSettings, contextSize: 65_536, kvType: 'q8_0' };
  const answer = (id: string, settings: LoadSettings) => {
    seen.push(settings);
    return machine(24e9, 32e9)(id);
  };
  await open(answer, { settings: () => wanted, model: async () => ({ ...detail, contextLength: 32_768 }) }).traits(nine, never);
  expect(seen[0]).toEqual({ ...wanted, contextSize: 32_768, vision: false });
});

test('kept for five minutes; not for other settings or another commit; two at once are one', async () => {
  let settings = defaultLoadSettings;
  let commit = detail.commit;
  const estimate: TraitsParts['estimate'] = async ({ source }) => {
    asked.push(source.kind === 'hub' ? source.quantization : '');
    return machine(24e9, 32e9)(asked.at(-1)!);
  };
  const traits = createTraits({ model: async () => ({ ...detail, commit }), estimate, settings: () => settings });
  const [one, two] = await Promise.all([traits.traits(nine, never), traits.traits(nine, never)]);
  expect(two).toEqual(one);
  const once = asked.length;
  await traits.traits(nine, never);
  expect(asked).toHaveLength(once);
  settings = { ...settings, contextSize: 4096 };
  await traits.traits(nine, never);
  expect(asked).toHaveLength(2 * once);
  commit = 'f'.repeat(40);
  await traits.traits(nine, never);
  expect(asked).toHaveLength(3 * once);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6 * 60_000 });
  await traits.traits(nine, never);
  vi.useRealTimers();
  expect(asked).toHaveLength(4 * once);
});

test.each(['gguf.truncated', 'gguf.architecture', 'memory.unknown', 'hub.gated'] as ErrorCode[])('%s: the facts without a best', async (code) => {
  const traits = await open(() => {
    throw new Fault(code, 'no');
  }).traits(nine, never);
  expect(traits).toMatchObject({ repo: nine, tools: true });
  expect(traits).not.toHaveProperty('best');
});

test.each(['hub.unreachable', 'hub.rateLimited', 'engine.crashed', 'cancelled'] as ErrorCode[])('%s is told, and asked again the next time', async (code) => {
  let broken = true;
  const traits = open((id) => {
    if (broken) throw new Fault(code, 'no');
    return machine(24e9, 32e9)(id);
  });
  await expect(traits.traits(nine, never)).rejects.toMatchObject({ code });
  broken = false;
  expect((await traits.traits(nine, never)).best?.label).toBe('Q8_0');
});

test('who gives up is let go', async () => {
  const controller = new AbortController();
  const waiting = createTraits({ model: async () => detail, estimate: () => new Promise(() => {}), settings: () => defaultLoadSettings });
  const answer = waiting.traits(nine, controller.signal);
  controller.abort();
  await expect(answer).rejects.toMatchObject({ code: 'cancelled' });
});
