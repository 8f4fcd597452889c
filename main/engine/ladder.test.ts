/** Going down: which step comes next, and when none does. */
import { expect, test } from 'vitest';
import type { AppError } from '../../shared/result.ts';
import { type Failure, failureOf } from './failure.ts';
import { type Ground, nextPlan } from './ladder.ts';
import { plan } from './testModel.ts';

const ground: Ground = { layers: 32, experts: true, projector: true, compute: 'vulkan' };
const asked = plan({ contextSize: 16384, gpuLayers: 32 });

/** Every step from `asked` down to the last. */
function descent(failure: Failure, on = ground, from = asked): string[] {
  const steps: string[] = [];
  for (let next = nextPlan(from, failure, on); next; next = nextPlan(next.plan, failure, on)) {
    steps.push(`${next.step.change} ${next.step.from}→${next.step.to}`);
    if (steps.length > 50) throw new Error('the ladder has no end');
  }
  return steps;
}

test('the cheapest steps come first, the processor alone last', () => {
  expect(descent({ of: 'gpu' })).toEqual([
    'batch 512→128',
    'cache f16→q8_0',
    'projector gpu→ram',
    'experts 0→16',
    'experts 16→32',
    'context 16384→8192',
    'context 8192→4096',
    'layers 32→24',
    'layers 24→16',
    'layers 16→8',
    'layers 8→0',
    'backend vulkan→cpu',
  ]);
});

test('with no layer on the card its memory costs neither context nor cache: the processor can do without it', () => {
  expect(descent({ of: 'gpu' }, ground, { ...asked, gpuLayers: 0 })).toEqual(['batch 512→128', 'backend vulkan→cpu']);
});

test('a large batch goes to the usual one first', () => {
  expect(descent({ of: 'ram' }, ground, { ...asked, batchSize: 2048 }).slice(0, 3)).toEqual(['batch 2048→512', 'batch 512→128', 'cache f16→q8_0']);
});

test('guessing ahead goes before anything that is missed', () => {
  const guessing = { ...asked, speculation: { type: 'mtp' } as const };
  expect(descent({ of: 'ram' }, ground, guessing).slice(0, 2)).toEqual(['speculation mtp→none', 'batch 512→128']);
  expect(descent({ of: 'gpu', part: 'weights' }, ground, guessing)[0]).toBe('speculation mtp→none');
  // It is no fault of the device's.
  expect(descent({ of: 'device' }, ground, guessing)).toEqual(['backend vulkan→cpu']);
});

test('what is allocated later cannot make room for what comes first', () => {
  expect(descent({ of: 'gpu', part: 'weights' }, { ...ground, experts: false })).toEqual([
    'layers 32→24',
    'layers 24→16',
    'layers 16→8',
    'layers 8→0',
    'backend vulkan→cpu',
  ]);
  expect(descent({ of: 'gpu', part: 'kvCache' })[0]).toBe('cache f16→q8_0');
});

test('too little RAM is not mended by moving more into it', () => {
  expect(descent({ of: 'ram' })).toEqual(['batch 512→128', 'cache f16→q8_0', 'context 16384→8192', 'context 8192→4096']);
  expect(descent({ of: 'ram', part: 'weights' })).toEqual([]);
});

test('cards are kept on the way down, but not over to another backend, where they have other numbers', () => {
  const cards = [{ id: 1 }];
  expect(nextPlan({ ...asked, cards }, { of: 'gpu' }, ground)?.plan.cards).toEqual(cards);
  expect(nextPlan({ ...asked, cards }, { of: 'device' }, { ...ground, compute: 'cuda' })?.plan).not.toHaveProperty('cards');
});

test('a broken GPU is left for the next backend, with no smaller plan tried on it', () => {
  expect(descent({ of: 'device' })).toEqual(['backend vulkan→cpu']);
  expect(descent({ of: 'device' }, { ...ground, compute: 'cuda' })).toEqual(['backend cuda→vulkan', 'backend vulkan→cpu']);
  expect(nextPlan(asked, { of: 'device' }, ground)?.plan).toMatchObject({ compute: 'cpu', gpuLayers: 0, contextSize: 16384 });
  expect(descent({ of: 'device' }, { ...ground, compute: 'cpu' })).toEqual([]);
});

test('a small context and a quantized cache stay as they are', () => {
  expect(descent({ of: 'ram' }, ground, plan({ contextSize: 2048, kvType: 'q4_0', batchSize: 128 }))).toEqual([]);
  expect(nextPlan(plan({ contextSize: 5000, kvType: 'q8_0', batchSize: 64 }), { of: 'ram' }, ground)?.plan.contextSize).toBe(4096);
});

const error = (code: AppError['code'], data: Record<string, unknown> = {}): AppError => ({ code, message: '', data });

test.each<[string, string[], Failure]>([
  [
    'weights on the GPU',
    [
      'ggml_vulkan: Device memory allocation of size 2529248 failed.',
      'ggml_vulkan: No suitable memory type found: ErrorOutOfDeviceMemory',
      'alloc_tensor_range: failed to allocate Vulkan0 buffer of size 2529248',
      'llama_model_load: error loading model: unable to allocate Vulkan0 buffer',
    ],
    { of: 'gpu', part: 'weights' },
  ],
  [
    'the KV cache',
    [
      'ggml_vulkan: No suitable memory type found: ErrorOutOfDeviceMemory',
      'llama_context: flash_attn            = enabled',
      'alloc_tensor_range: failed to allocate Vulkan0 buffer of size 16777216',
      'llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache',
    ],
    { of: 'gpu', part: 'kvCache' },
  ],
  [
    'compute buffers',
    [
      'ggml_gallocr_reserve_n_impl: failed to allocate Vulkan0 buffer of size 9986064',
      'graph_reserve: failed to allocate compute buffers',
      'llama_init_from_model: failed to initialize the context: failed to allocate compute pp buffers',
    ],
    { of: 'gpu', part: 'compute' },
  ],
  [
    'weights in RAM beside a GPU',
    ['ggml_aligned_malloc: insufficient memory (attempted to allocate 9000.00 MB)', 'llama_model_load: error loading model: unable to allocate CPU buffer'],
    { of: 'ram', part: 'weights' },
  ],
])('out of memory for %s', (_, lines, failure) => {
  expect(failureOf(error('engine.outOfMemory'), lines, true)).toEqual(failure);
});

test('without a GPU all memory is RAM', () => {
  expect(failureOf(error('engine.outOfMemory'), ['std::bad_alloc'], false)).toEqual({ of: 'ram' });
});

test('crashes: the memory killer leads down, a lost card to another backend, a crash on the processor nowhere', () => {
  expect(failureOf(error('engine.crashed', { cause: 'memoryKiller' }), [], false)).toEqual({ of: 'ram' });
  expect(failureOf(error('engine.crashed', { cause: 'deviceLost' }), [], true)).toEqual({ of: 'device' });
  expect(failureOf(error('engine.crashed', { cause: 'badMemory' }), [], true)).toEqual({ of: 'device' });
  expect(failureOf(error('engine.crashed', { cause: 'badMemory' }), [], false)).toBeUndefined();
  expect(failureOf(error('engine.loadFailed', { reason: 'llama-server ended: it ended with 137' }), [], false)).toEqual({ of: 'ram' });
});

test.each(['gguf.truncated', 'gguf.notGguf', 'gguf.architecture', 'engine.projectorMismatch', 'engine.loadFailed', 'internal'] as const)(
  '%s is not mended by a smaller plan',
  (code) => {
    expect(failureOf(error(code, { reason: 'missing tensor' }), ['failed to allocate'], true)).toBeUndefined();
  },
);
