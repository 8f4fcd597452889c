/** Whether this machine has the memory that a model takes, and how many of its layers the GPU can hold. */
import type { EstimateAnswer } from '../../shared/contract/control.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import { splitTotal, type Verdict } from '../../shared/schemas/memory.ts';
import { checkpointCount, checkpointRoom } from '../engine/checkpoints.ts';
import type { Calibration, Overhead } from './calibrate.ts';
import { type CardRoom, spareOnCards } from './perCard.ts';

const mebibyte = 2 ** 20;

/** What a backend takes beside llama.cpp's buffers before anything was measured on this machine (estimation.md 6.5). */
const gpuMargin: Record<Hardware['backend'], number> = { cuda: 350 * mebibyte, vulkan: 150 * mebibyte, metal: 256 * mebibyte, cpu: 0 };
/** The tokenizer and Node, at most, beside llama.cpp's buffers (estimation.md 1.7). */
const ramMargin = 300 * mebibyte;
/** Left beside what loads were seen to take on top. */
const measuredMargin = 64 * mebibyte;

/** Memory that a model may take, in bytes. */
export interface Room {
  gpu: number;
  ram: number;
  gpuMargin: number;
  ramMargin: number;
  /** The driver told how much video memory is free. Where it did not, a model that fits is called tight at best. */
  known: boolean;
  /** Of each card, where the model may use several: every one must hold its part. */
  cards?: CardRoom[] | undefined;
}

/** Room on this machine at this moment, with what a load would free first. `overhead` is what loads took here on top of llama.cpp's buffers. */
export function roomOf(
  { backend, vram, ram }: Pick<Hardware, 'backend' | 'vram' | 'ram'>,
  freed = { gpu: 0, ram: 0 },
  overhead: ReturnType<Calibration['overhead']> = { gpu: undefined, ram: undefined },
): Room {
  // Nobody knows what other programs hold: a tenth is kept for them, and what is total never counts as free.
  const gpu = vram.free === null ? vram.total * 0.9 : vram.free + freed.gpu;
  const margin = (measured: Overhead | undefined, otherwise: number): number => (measured ? measured.p95 + measuredMargin : otherwise);
  return {
    gpu,
    ram: ram.free + freed.ram,
    gpuMargin: margin(overhead.gpu, gpuMargin[backend]),
    ramMargin: margin(overhead.ram, ramMargin),
    known: vram.free !== null,
  };
}

type Fit = 'fits' | 'tight' | 'no';

type Sides = Pick<EstimateAnswer, 'engine' | 'gpu' | 'ram'>;

/** Bytes of RAM that it takes with what comes later, and with its margin. */
function ramNeeded({ engine, gpu, ram }: Sides, room: Room): number {
  const state = gpu.state + ram.state;
  // Copies of it that are kept as chats go on, of which node-llama-cpp keeps no more than there is room for.
  const copies = checkpointCount(state) * state;
  const later = engine === 'llama-server' ? copies : Math.min(copies, checkpointRoom);
  return splitTotal(ram) + later + room.ramMargin;
}

/** Bytes that stay free on each side, on the fullest of several cards, less than 0 where some are missing; the backend's own margin is not taken off. */
const spareOf = (answer: EstimateAnswer, room: Room): { gpu: number; ram: number } => ({
  gpu: spareOnCards(answer, answer.layers, room.cards) ?? room.gpu - splitTotal(answer.gpu),
  ram: room.ram - ramNeeded(answer, room),
});

/** Bytes that must be free on each side, every margin counted. */
export function neededBytes(answer: Sides, room: Room): { gpu: number; ram: number } {
  const gpu = splitTotal(answer.gpu);
  return { gpu: gpu === 0 ? 0 : gpu + room.gpuMargin * (room.cards?.length ?? 1), ram: ramNeeded(answer, room) };
}

/** Bytes that stay free, on the side where they are fewest, once every margin is left; less than 0: it does not fit well. */
export function spareBytes(answer: EstimateAnswer, room: Room): number {
  const { gpu, ram } = spareOf(answer, room);
  return answer.layers.onGpu === 0 ? ram : Math.min(gpu - room.gpuMargin, ram);
}

/** Whether the answer's bytes are there on both sides, whatever the layers. */
function fitOf(answer: EstimateAnswer, room: Room): Fit {
  const { gpu, ram } = spareOf(answer, room);
  if (gpu < 0 || ram < 0) return 'no';
  return splitTotal(answer.gpu) === 0 || (room.known && gpu >= room.gpuMargin) ? 'fits' : 'tight';
}

/** What to tell about a model at exactly the answer's layers. */
export function verdictOf(answer: EstimateAnswer, room: Room): Verdict {
  const fit = fitOf(answer, room);
  if (fit === 'no') return 'no';
  if (answer.layers.onGpu === 0) return 'ram';
  return answer.layers.onGpu < answer.layers.total || answer.layers.expertsInRam ? 'partial' : fit;
}

/** The fewest layers whose experts in RAM leave the margin free with `all` layers on the GPU; undefined where no number does, or there are no experts. */
export function fewestExperts(all: EstimateAnswer, room: Room): number | undefined {
  const spare = (bytes: number, expertsInRam: number): number =>
    spareOnCards(all, { ...all.layers, expertsInRam }, room.cards) ?? room.gpu - splitTotal(all.gpu) + bytes;
  const count = all.spared?.findIndex((bytes, experts) => spare(bytes, experts) >= room.gpuMargin) ?? -1;
  return count > 0 ? count : undefined;
}

/**
 * The most layers on the GPU that fit: all of them, inside the margin if need be; else as many as leave the margin free; else none.
 * What layers put on the GPU is known beforehand, so it is only asked what comes on top, which hardly changes from one number of
 * layers to the next: a right `guess` of it takes one question.
 */
export async function mostLayers(
  all: EstimateAnswer,
  room: Room,
  ask: (gpuLayers: number) => Promise<EstimateAnswer>,
  guess = onTop(all),
): Promise<EstimateAnswer> {
  if (all.layers.onGpu === 0 || fitOf(all, room) !== 'no') return all;
  let best: EstimateAnswer | undefined;
  let [fits, fails] = [0, all.layers.total];
  for (let [last, top] = [all, guess]; fails - fits > 1; ) {
    const spare = (bytes: number, onGpu: number): number => spareOnCards(last, { ...last.layers, onGpu }, room.cards) ?? room.gpu - bytes - top;
    const promised = all.placed.findLastIndex((bytes, gpuLayers) => gpuLayers < fails && spare(bytes, gpuLayers) >= room.gpuMargin);
    if (best && promised <= fits) break;
    const answer = await ask(Math.max(promised, fits + 1));
    [last, top] = [answer, onTop(answer)];
    if (spareOf(answer, room).gpu >= room.gpuMargin) [best, fits] = [answer, answer.layers.onGpu];
    else fails = answer.layers.onGpu;
  }
  return best ?? ask(0);
}

/** Bytes on the GPU beside weights, cache and state. */
export const onTop = ({ gpu, placed, layers }: EstimateAnswer): number => splitTotal(gpu) - placed[layers.onGpu]!;
