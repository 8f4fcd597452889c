/** The largest contexts that this machine holds: what a person trades for a bigger quantization. */
import type { EstimateAnswer } from '../../shared/contract/control.ts';
import type { ContextLimits, KvType } from '../../shared/schemas/memory.ts';
import { largest } from './largest.ts';
import { type Room, spareBytes } from './verdict.ts';

/** llama.cpp's step of contexts, in tokens. */
const grid = 256;

/**
 * The largest context with every margin left (without a GPU: in RAM), on llama.cpp's grid and not above the `trainContext`, for f16,
 * q8_0 and the `chosen` KV type. `ask` gives the memory of a context with the layers on the GPU that are meant.
 */
export async function contextLimits(
  trainContext: number,
  room: Room,
  chosen: KvType,
  ask: (contextSize: number, kvType: KvType) => Promise<EstimateAnswer>,
): Promise<ContextLimits> {
  const limit = async (kvType: KvType): Promise<number | null> => {
    const spare = async (steps: number): Promise<number> => spareBytes(await ask(steps * grid, kvType), room);
    const steps = await largest({ low: 1, high: Math.max(1, Math.floor(trainContext / grid)), spare });
    return steps === undefined ? null : steps * grid;
  };
  const usual = { f16: await limit('f16'), q8_0: await limit('q8_0') };
  return chosen === 'q4_0' ? { ...usual, q4_0: await limit(chosen) } : usual;
}
