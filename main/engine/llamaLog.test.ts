/** Reading llama.cpp's log. */
import { expect, test } from 'vitest';
import { createLog, lastComplaint, loadFault, readMemory } from './llamaLog.ts';

test('buffers are told apart by kind and by where they lie', () => {
  const lines = [
    'load_tensors:          CPU model buffer size =   100.00 MiB',
    'load_tensors:   CPU_Mapped model buffer size =  4000.00 MiB',
    'load_tensors:        CUDA0 model buffer size =  2000.00 MiB',
    'llama_context:  CUDA_Host  output buffer size =     1.00 MiB',
    'llama_kv_cache:      CUDA0 KV buffer size =   512.00 MiB',
    'llama_memory_recurrent:      CUDA0 RS buffer size =    50.25 MiB',
    '0.00.170.658 I sched_reserve:      CUDA0 compute buffer size =   300.00 MiB',
    'sched_reserve:  CUDA_Host compute buffer size =    20.00 MiB',
    '0.00.591.941 I reserve_compute_meta:      CUDA0 compute buffer size =    41.50 MiB',
    'load_hparams: model size:         2.78 MiB',
  ];
  const mib = 1024 * 1024;
  expect(readMemory(lines)).toEqual({
    gpu: { weights: 2000 * mib, kvCache: 512 * mib, state: 50.25 * mib, compute: 300 * mib, projector: 41.5 * mib },
    ram: { weights: 100 * mib, kvCache: 0, state: 0, compute: 21 * mib, projector: 0 },
  });
});

test('a context that is laid out twice takes its compute buffers once', () => {
  const lines = [
    'llama_context:  Vulkan_Host  output buffer size =     1.00 MiB',
    'sched_reserve:    Vulkan0 compute buffer size =    50.00 MiB',
    'sched_reserve: Vulkan_Host compute buffer size =     8.00 MiB',
    // What guesses for it.
    'llama_context:  Vulkan_Host  output buffer size =     1.00 MiB',
    'sched_reserve:    Vulkan0 compute buffer size =    29.00 MiB',
    'sched_reserve: Vulkan_Host compute buffer size =     8.00 MiB',
    'sched_reserve:    Vulkan0 compute buffer size =    30.00 MiB',
    'sched_reserve: Vulkan_Host compute buffer size =     8.00 MiB',
  ];
  const { gpu, ram } = readMemory(lines);
  expect([gpu.compute, ram.compute]).toEqual([80 * 2 ** 20, 18 * 2 ** 20]);
});

test.each([
  [["llama_model_load: error loading model: unknown model architecture: 'qwen99'"], 'gguf.architecture', { architecture: 'qwen99' }],
  [['gguf_init_from_reader: invalid magic characters: junk'], 'gguf.notGguf', {}],
  [
    ["llama_model_load: error loading model: tensor 'output.weight' data is not within the file bounds, model is corrupted or incomplete"],
    'gguf.truncated',
    {},
  ],
  [['ggml_backend_cuda_buffer_type_alloc_buffer: allocating 9000.00 MiB on device 0: cudaMalloc failed: out of memory'], 'engine.outOfMemory', {}],
  [['ggml_vulkan: Device memory allocation of size 1 failed.', 'ggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory'], 'engine.outOfMemory', {}],
  [['fine', "0.00.1 E llama_model_load: error loading model: missing tensor 'blk.0.attn_q.weight'"], 'engine.loadFailed', {}],
])('%j', (lines, code, data) => {
  expect(loadFault('model.gguf', lines)).toMatchObject({ code, data });
});

test('a complaint without the name of the function that wrote it', () => {
  expect(lastComplaint(["0.00.009.822 E llama_model_load: error loading model: missing tensor 'x'", 'srv  main: bye'])).toBe(
    "error loading model: missing tensor 'x'",
  );
  expect(lastComplaint(['all is well'])).toBeUndefined();
});

test('lines come out whole, and the oldest are forgotten', () => {
  const heard: string[] = [];
  const log = createLog((line) => heard.push(line));
  log.write('one\ntwo\n');
  log.write('three');
  expect(heard).toEqual(['one', 'two', 'three']);
  for (let i = 0; i < 5_000; i++) log.write(`line ${i}\n`);
  expect(log.lines().length).toBeLessThanOrEqual(2_000);
  expect(log.lines().at(-1)).toBe('line 4999');
  log.clear();
  expect(log.lines()).toEqual([]);
});
