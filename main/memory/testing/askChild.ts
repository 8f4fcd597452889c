/** Child process of the software GPU: answers questions about memory with llama.cpp on the GPU. */
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import type { LoadPlan } from '../../../shared/contract/control.ts';
import { readHardware } from '../../hardware/probe.ts';
import { askMemory } from '../ask.ts';
import type { GpuRequest } from './softwareGpu.ts';

const llama = getLlama({ gpu: 'vulkan', build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.warn });

/** Loads a whole model and gives the bytes of the buffers that it holds, by llama.cpp's own count. */
async function load(file: string, plan: LoadPlan): Promise<object> {
  const start = performance.now();
  const ready = await llama;
  const gpuLayers = plan.gpuLayers;
  const model = await ready.loadModel({ modelPath: file, gpuLayers, useMmap: false, ignoreMemorySafetyChecks: true });
  const type = { f16: 'F16', q8_0: 'Q8_0', q4_0: 'Q4_0' }[plan.kvType] as 'F16';
  const context = await model.createContext({
    ...{ contextSize: plan.contextSize, batchSize: plan.batchSize, flashAttention: plan.flashAttention, sequences: 1 },
    experimentalKvCacheKeyType: type,
    experimentalKvCacheValueType: type,
    failedCreationRemedy: false,
    ignoreMemorySafetyChecks: true,
  });
  // The library has no public way to ask for the sizes of its buffers.
  const counted = (of: unknown) => (of as { getMemoryBreakdown(): { cpuRam: number; gpuVram: number } }).getMemoryBreakdown();
  const weights = counted((model as unknown as { _model: unknown })._model);
  const held = counted((context as unknown as { _ctx: unknown })._ctx);
  await model.dispose();
  return { gpu: weights.gpuVram + held.gpuVram, ram: weights.cpuRam + held.cpuRam, ms: performance.now() - start };
}

async function answer(request: GpuRequest): Promise<object> {
  const ready = await llama;
  if (typeof request === 'object' && 'load' in request) return load(request.load, request.plan);
  if (request === 'hardware') return readHardware(ready, '/');
  const start = performance.now();
  return { answer: await askMemory(ready, request), ms: performance.now() - start };
}

let queue = Promise.resolve();
process.on('message', (request: GpuRequest) => {
  queue = queue.then(async () => void process.send!(await answer(request)));
});
