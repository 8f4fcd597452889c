/** Child process of the software GPU: answers questions about memory with llama.cpp on the GPU. */
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import type { EstimateRequest } from '../../../shared/contract/control.ts';
import { readHardware } from '../../hardware/probe.ts';
import { askMemory } from '../ask.ts';

const llama = getLlama({ gpu: 'vulkan', build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.warn });

async function answer(request: EstimateRequest | 'hardware'): Promise<object> {
  const ready = await llama;
  if (request === 'hardware') return readHardware(ready, '/');
  const start = performance.now();
  return { answer: await askMemory(ready, request), ms: performance.now() - start };
}

let queue = Promise.resolve();
process.on('message', (request: EstimateRequest | 'hardware') => {
  queue = queue.then(async () => void process.send!(await answer(request)));
});
