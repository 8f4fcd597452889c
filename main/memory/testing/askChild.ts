/** Child process of the software GPU's tests: reads requests, asks llama.cpp on the GPU, writes what it said. */
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import type { EstimateRequest } from '../../../shared/contract/control.ts';
import { readHardware } from '../../hardware/probe.ts';
import { askMemory } from '../ask.ts';

const requests = JSON.parse(await new Response(process.stdin as unknown as ReadableStream).text()) as EstimateRequest[];
const llama = await getLlama({ gpu: 'vulkan', build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.warn });
const answers = [];
for (const request of requests) {
  const start = performance.now();
  const answer = await askMemory(llama, request);
  answers.push({ answer, ms: performance.now() - start });
}
process.stdout.write(JSON.stringify({ hardware: await readHardware(llama, '/'), answers }), () => process.exit());
