/** Whether this machine has the memory that a model takes, and how many of its layers the GPU can hold. */
import type { EstimateAnswer } from '../../shared/contract/control.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import { splitTotal, type Verdict } from '../../shared/schemas/memory.ts';

const mebibyte = 2 ** 20;

/** What a backend takes beside llama.cpp's buffers before anything was measured on this machine (estimation.md 6.5). */
const gpuMargin: Record<Hardware['backend'], number> = { cuda: 350 * mebibyte, vulkan: 150 * mebibyte, metal: 256 * mebibyte, cpu: 0 };
/** The tokenizer and Node, at most, beside llama.cpp's buffers (estimation.md 1.7). */
const ramMargin = 300 * mebibyte;

/**
 * Copies of the recurrent state that both engines keep in RAM as a chat goes on, and the most that node-llama-cpp spends on
 * them (main/engine/llamaServer.ts and nodeLlamaCpp.ts).
 */
const checkpoints = 8;
const checkpointBytes = 512 * mebibyte;

/** Memory that a model may take, in bytes. */
export interface Room {
  gpu: number;
  ram: number;
  gpuMargin: number;
  /** The driver told how much video memory is free. Where it did not, a model that fits is called tight at best. */
  known: boolean;
}

/** Room on this machine at this moment, with what a load would free first. */
export function roomOf({ backend, vram, ram }: Pick<Hardware, 'backend' | 'vram' | 'ram'>, freed = { gpu: 0, ram: 0 }): Room {
  // Nobody knows what other programs hold: a tenth is kept for them, and what is total never counts as free.
  const gpu = vram.free === null ? vram.total * 0.9 : vram.free + freed.gpu;
  return { gpu, ram: ram.free + freed.ram, gpuMargin: gpuMargin[backend], known: vram.free !== null };
}

type Fit = 'fits' | 'tight' | 'no';

/** Whether the answer's bytes are there on both sides, whatever the layers. */
function fitOf({ gpu, ram }: EstimateAnswer, room: Room): Fit {
  const needed = splitTotal(gpu);
  const served = gpu.projector + ram.projector > 0;
  const later = Math.min(checkpoints * (gpu.state + ram.state), served ? Infinity : checkpointBytes);
  if (splitTotal(ram) + later + ramMargin > room.ram || needed > room.gpu) return 'no';
  return needed === 0 || (room.known && needed + room.gpuMargin <= room.gpu) ? 'fits' : 'tight';
}

/** What to tell about a model at exactly the answer's layers. */
export function verdictOf(answer: EstimateAnswer, room: Room): Verdict {
  const fit = fitOf(answer, room);
  if (fit === 'no') return 'no';
  if (answer.layers.onGpu === 0) return 'ram';
  return answer.layers.onGpu < answer.layers.total ? 'partial' : fit;
}

/**
 * The most layers on the GPU that fit: all of them, inside the margin if need be; else as many as leave the margin free;
 * else none. `ask` is called about once for each halving of the number of layers.
 */
export async function mostLayers(all: EstimateAnswer, room: Room, ask: (gpuLayers: number) => Promise<EstimateAnswer>): Promise<EstimateAnswer> {
  if (all.layers.onGpu === 0 || fitOf(all, room) !== 'no') return all;
  const holds = (answer: EstimateAnswer): boolean => splitTotal(answer.gpu) + room.gpuMargin <= room.gpu;
  let best: EstimateAnswer | undefined;
  let [low, high] = [1, all.layers.total - 1];
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const answer = await ask(middle);
    if (holds(answer)) {
      best = answer;
      low = middle + 1;
    } else high = middle - 1;
  }
  return best ?? ask(0);
}
