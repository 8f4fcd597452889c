/** Opens a text model in this process, and tells what it occupies. */
import type { LlamaContext, LlamaModel } from 'node-llama-cpp';
import type { LoadRequest } from '../../shared/contract/control.ts';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import { withoutShares } from '../../shared/schemas/memory.ts';
import { llama, llamaLog, logged, threads } from './llama.ts';
import { isUnlocked, loadFault, readMemory } from './llamaLog.ts';
import { modelBytes } from './modelBytes.ts';
import { asMetadata, positionsOf } from './positions.ts';

const cacheType = { f16: 'F16', q8_0: 'Q8_0', q4_0: 'Q4_0' } as const;

/** A model and its context as the library holds them. */
export interface OpenModel {
  model: LlamaModel;
  context: LlamaContext;
}

/**
 * Opens a model with exactly the plan's settings: no layer moved, no context shrunk. Throws a `Fault` that says why not,
 * or `signal.reason`.
 */
export async function openModel({ model: file, plan }: LoadRequest, onProgress: (progress: number) => void, signal: AbortSignal): Promise<OpenModel> {
  const engine = await llama();
  llamaLog.clear();
  let model: LlamaModel | undefined;
  try {
    const replaced = await positionsOf(file, plan);
    model = await engine.loadModel({
      modelPath: file,
      gpuLayers: plan.gpuLayers,
      // Not mapped where nobody asks for it: what is loaded is in memory, as it was estimated, not in a file that the system may drop.
      useMmap: plan.mmap === true,
      useMlock: plan.mlock === true,
      ...(replaced.length > 0 && { metadataOverrides: asMetadata(replaced) }),
      ignoreMemorySafetyChecks: true,
      onLoadProgress: onProgress,
      loadSignal: signal,
    });
    const cores = threads(modelBytes(file), plan.threads);
    // The library would take the rest for another context.
    engine.maxThreads = Math.max(engine.maxThreads, cores);
    const context = await model.createContext({
      contextSize: plan.contextSize,
      batchSize: plan.batchSize,
      sequences: 1,
      flashAttention: plan.flashAttention,
      experimentalKvCacheKeyType: cacheType[plan.kvType],
      experimentalKvCacheValueType: cacheType[plan.kvType],
      threads: cores,
      failedCreationRemedy: false,
      ignoreMemorySafetyChecks: true,
      createSignal: signal,
    });
    return { model, context };
  } catch (error) {
    await model?.dispose();
    signal.throwIfAborted();
    // llama.cpp itself says only that it failed, and why in its log; what the library finds is in the error.
    const native = error instanceof Error && /^Failed to /.test(error.message);
    if (native) await logged(/error loading model|failed to (?:create|initialize|allocate)/);
    throw loadFault(file, native ? llamaLog.lines() : [], error);
  }
}

/** Bytes as llama.cpp counts its own buffers; the library keeps this to itself. */
interface Breakdown {
  getMemoryBreakdown(): { cpuRam: number; gpuVram: number };
}

/** What an open model occupies by llama.cpp's own count, in bytes: exact, but not told apart by kind. */
function allocated({ model, context }: OpenModel): { weights: { cpuRam: number; gpuVram: number }; context: { cpuRam: number; gpuVram: number } } {
  return {
    weights: (model as unknown as { _model: Breakdown })._model.getMemoryBreakdown(),
    context: (context as unknown as { _ctx: Breakdown })._ctx.getMemoryBreakdown(),
  };
}

/** What a load gave, with llama.cpp's own count of its buffers. */
export async function summary({ plan }: LoadRequest, open: OpenModel, thinking: boolean): Promise<LoadedModel> {
  await logged(/sched_reserve: .* compute buffer size/);
  const total = open.model.fileInsights.totalLayers;
  const exact = allocated(open);
  const memory = readMemory(llamaLog.lines());
  for (const [side, weights, rest] of [
    [memory.gpu, exact.weights.gpuVram, exact.context.gpuVram],
    [memory.ram, exact.weights.cpuRam, exact.context.cpuRam],
  ] as const) {
    // The log is rounded; llama.cpp's count is exact, but for a mapped file. What is over belongs to the buffers that hold no round shapes.
    if (!plan.mmap) side.weights = weights;
    side.compute = Math.max(0, rest - side.kvCache - side.state);
  }
  return {
    backend: 'node-llama-cpp',
    settings: { ...plan, vision: false, ...(plan.cards && { cards: withoutShares(plan.cards) }) },
    contextSize: open.context.contextSize,
    layers: { total, onGpu: open.model.llama.gpu === false ? 0 : Math.min(total, plan.gpuLayers) },
    vision: false,
    thinking,
    ...(plan.mlock && (!open.model.llama.supportsMlock || isUnlocked(llamaLog.lines())) && { unlocked: true }),
    memory,
  };
}
