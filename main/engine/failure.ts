/** What a load failed for, where going down a step of the ladder can help. */
import type { AppError } from '../../shared/result.ts';
import { crashCause } from '../../shared/schemas/engine.ts';

export interface Failure {
  /** What there was too little of; `memory`: nobody said which; `device`: the GPU or its driver, not its memory. */
  of: 'gpu' | 'ram' | 'memory' | 'device';
  /** What was being put there; llama.cpp allocates in this order. */
  part?: Part;
}
export type Part = 'weights' | 'kvCache' | 'compute' | 'projector';

const device = /(?:Vulkan|CUDA|ROCm|HIP|SYCL|Metal|MTL|cudaMalloc|DeviceMemory|ggml_vulkan|ggml_metal)/i;

/**
 * Reads an error of a load with the last lines that llama.cpp wrote. Undefined where no smaller plan would fare better: a broken file,
 * a projector of another model, a crash without a GPU.
 */
export function failureOf(error: AppError, lines: string[], onGpu: boolean): Failure | undefined {
  const reason = typeof error.data?.reason === 'string' ? error.data.reason : '';
  const cause = crashCause.safeParse(error.data?.cause).data;
  if (error.code === 'engine.outOfMemory' || cause === 'noMemory') return fromLines(lines, onGpu);
  if (error.code === 'engine.crashed') {
    if (cause === 'memoryKiller' || cause === 'killed') return { of: 'ram' };
    return onGpu && cause !== 'fileLost' ? { of: 'device' } : undefined;
  }
  if (error.code === 'engine.stalled') return onGpu ? { of: 'device' } : undefined;
  if (error.code !== 'engine.loadFailed') return undefined;
  // llama-server that was killed while it loaded.
  if (/ended with (?:137|SIGKILL)/.test(reason)) return { of: 'ram' };
  return onGpu && /ErrorDeviceLost|DEVICE_LOST|no usable GPU|ErrorInitializationFailed|ended with (?:13[2-69]|SIG\w+)|NoBinaryFound/i.test(reason)
    ? { of: 'device' }
    : undefined;
}

/** llama.cpp tells of the buffer that it could not get, and then of what it was for. */
function fromLines(lines: string[], onGpu: boolean): Failure {
  const last = lines.findLastIndex((line) => /fail|unable|insufficient|out of memory|bad_alloc/i.test(line));
  // Only what is told right before the end: it may have come through a failure before.
  const told = lines.slice(Math.max(0, last - 6), last + 1).filter((line) => /fail|unable|insufficient|out of|OutOf|bad_alloc/i.test(line));
  const text = told.join('\n');
  const of = !onGpu ? 'ram' : device.test(text) ? 'gpu' : /\bCPU\b|aligned_malloc|cpu_buffer/.test(text) ? 'ram' : 'memory';
  const part = partOf(text);
  return part ? { of, part } : { of };
}

function partOf(text: string): Part | undefined {
  if (/clip|mtmd|mmproj|projector/i.test(text)) return 'projector';
  if (/kv cache|memory_recurrent|rs cache/i.test(text)) return 'kvCache';
  if (/compute (?:pp |tg )?buffer|gallocr|graph_reserve/i.test(text)) return 'compute';
  return /error loading model|load_tensors|load model/i.test(text) ? 'weights' : undefined;
}
