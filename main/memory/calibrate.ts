/** What loads really took on this machine, beside what was predicted: what comes on top of llama.cpp's buffers is learned, not guessed. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import type { EngineState } from '../../shared/schemas/engine.ts';
import type { Card, Hardware } from '../../shared/schemas/hardware.ts';
import { freeMemory, type LoadSettings, loadSettings, memorySplit, splitTotal, usedCards } from '../../shared/schemas/memory.ts';
import type { Folders } from '../platform.ts';
import { openKept } from './kept.ts';

const bothSides = z.object({ gpu: memorySplit, ram: memorySplit });

/** One load. All sizes in bytes. */
const sample = z.object({
  /** Of llama.cpp. */
  release: z.string(),
  backend: z.string(),
  gpu: z.string(),
  modelId: z.string(),
  settings: loadSettings,
  predicted: z.optional(bothSides),
  actual: bothSides,
  free: z.object({ before: freeMemory, after: freeMemory }),
});
export type Sample = z.infer<typeof sample>;

/** Bytes that a load takes beside llama.cpp's buffers. */
export interface Overhead {
  samples: number;
  median: number;
  p95: number;
}

export interface Calibration {
  /** Keeps a load; the last twenty of each device, driver and llama.cpp count. */
  record(sample: Sample): void;
  /** What was learned of this machine; undefined on a side with fewer than three loads. */
  overhead(machine: Device): { gpu: Overhead | undefined; ram: Overhead | undefined };
}

type Device = Pick<Hardware, 'backend' | 'gpus' | 'llamaCpp'>;

const keptSamples = 20;
const fewestSamples = 3;
/** Other programs come and go: what moves by more between two looks says nothing about our load. */
const still = 64 * 2 ** 20;

/** Kept in `calibration.json` of the data folder. */
export function createCalibration({ folder }: { folder: string }): Calibration {
  const kept = openKept(path.join(folder, 'calibration.json'), z.array(sample), []);
  const of = ({ backend, gpus, llamaCpp }: Device): Sample[] =>
    kept.get().filter((one) => one.backend === backend && one.gpu === gpus.join(', ') && one.release === llamaCpp);

  return {
    record(added) {
      const same = (one: Sample): boolean => one.backend === added.backend && one.gpu === added.gpu && one.release === added.release;
      const alike = [...kept.get().filter(same), added].slice(-keptSamples);
      kept.set([...kept.get().filter((one) => !same(one)), ...alike]);
    },
    overhead(machine) {
      const samples = of(machine);
      return { gpu: overheadOf(samples.map((one) => beside(one, 'gpu'))), ram: overheadOf(samples.map((one) => beside(one, 'ram'))) };
    },
  };
}

/** Bytes that went beside the buffers; undefined where the driver does not tell, nothing was loaded there, or other programs gave memory back meanwhile. */
function beside({ free, actual }: Sample, side: 'gpu' | 'ram'): number | undefined {
  const [before, after, taken] = [free.before[side], free.after[side], splitTotal(actual[side])];
  if (before === null || after === null || taken === 0) return undefined;
  const bytes = before - after - taken;
  return bytes < -still ? undefined : Math.max(0, bytes);
}

function overheadOf(measured: (number | undefined)[]): Overhead | undefined {
  const sorted = measured.filter((bytes) => bytes !== undefined).toSorted((a, b) => a - b);
  if (sorted.length < fewestSamples) return undefined;
  const at = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1]!;
  return { samples: sorted.length, median: at(0.5), p95: at(0.95) };
}

export interface Watching {
  engine: { watch(signal: AbortSignal): AsyncIterable<EngineState>; hardware(folder: string): Promise<Hardware>; cards?(): Promise<Card[]> };
  calibration: Pick<Calibration, 'record'>;
  /** Where the models folder is now. */
  folders: Pick<Folders, 'models'>;
  signal: AbortSignal;
  /** Milliseconds between two looks at free memory after a load. */
  settleMs?: number;
}

/**
 * Records every load that begins with no model loaded and ends well, where free memory stood still afterwards. Settles when `signal`
 * aborts; a machine that cannot be asked is passed over.
 */
export async function calibrateLoads({ engine, calibration, folders, signal, settleMs = 1_000 }: Watching): Promise<void> {
  const look = (): Promise<Hardware | undefined> => engine.hardware(folders.models).catch(() => undefined);
  /** The cards that a model may use, as a process names them that sees no other. */
  const names = async ({ gpus }: Hardware, { cards }: LoadSettings): Promise<string[]> => {
    const here = cards && (await engine.cards?.());
    return here ? usedCards(here, cards).map(({ name }) => name) : gpus;
  };
  const free = ({ vram, ram }: Hardware) => ({ gpu: vram.free, ram: ram.free });
  let last: EngineState | undefined;
  let before: { modelId: string; seen: Promise<Hardware | undefined> } | undefined;

  const finish = async (state: Extract<EngineState, { status: 'ready' }>, start: Hardware | undefined): Promise<void> => {
    const { model, modelId, predicted } = state;
    if (!start || !model.memory) return;
    await sleep(settleMs, undefined, { signal });
    const first = await look();
    await sleep(settleMs, undefined, { signal });
    const second = await look();
    if (!first || !second || last?.status !== 'ready' || last.modelId !== modelId || last.answering) return;
    const [one, two] = [free(first), free(second)];
    if (Math.abs(one.ram - two.ram) > still || Math.abs((one.gpu ?? 0) - (two.gpu ?? 0)) > still) return;
    const { backend, llamaCpp } = start;
    const gpu = (await names(start, model.settings)).join(', ');
    const sample: Sample = {
      ...{ release: llamaCpp, backend, gpu, modelId, settings: model.settings },
      ...(predicted && { predicted }),
      actual: model.memory,
      free: { before: free(start), after: two },
    };
    calibration.record(sample);
  };

  for await (const state of engine.watch(signal)) {
    const was = last;
    last = state;
    const alone = !state.others && !state.ejected;
    if (state.status === 'loading' && alone && (was === undefined || was.status === 'idle' || was.status === 'failed')) {
      before = { modelId: state.modelId, seen: look() };
    } else if (state.status === 'ready') {
      if (before?.modelId === state.modelId) {
        // A look that only now comes back was taken with the model in memory.
        const seen = await Promise.race([before.seen, sleep(0)]);
        void finish(state, seen ?? undefined).catch(() => {});
      }
      before = undefined;
    } else if (state.status !== 'loading' || before?.modelId !== state.modelId) before = undefined;
  }
}
