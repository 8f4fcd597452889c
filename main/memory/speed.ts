/** How fast a model will answer here: predicted from the bytes that a token takes, then known from the answers that it gave. */
import path from 'node:path';
import * as z from 'zod/mini';
import type { EstimateAnswer } from '../../shared/contract/control.ts';
import { type Bandwidth, bandwidth, type Hardware } from '../../shared/schemas/hardware.ts';
import { type Estimate, kvType, type LoadSettings, sharesOf } from '../../shared/schemas/memory.ts';
import { openKept } from './kept.ts';

export type SpeedRange = NonNullable<Estimate['speed']>;

/** A model as it would be loaded. */
export interface Asked {
  /** Library id; for one that is not here yet the id that it will have. */
  modelId: string;
  settings: LoadSettings;
  answer: EstimateAnswer;
  /** Of a weight, on average. */
  bits: number;
  machine: Pick<Hardware, 'backend' | 'gpus' | 'cpu' | 'llamaCpp'>;
}

export interface Speed {
  /** Undefined until it was measured what this machine does, which `probe` does. */
  of(asked: Asked): SpeedRange | undefined;
  /** Measures what this machine does for the bytes of `answer` on the cards that are meant, once for all times; settles when it is known, or cannot be. */
  probe(asked: Pick<Asked, 'settings' | 'answer' | 'machine'>): Promise<void>;
  /**
   * A finished answer: `settings` as they were loaded, `gpuLayers` a number. Counts for settings that `of` was asked about before, as
   * every load asks first; others are let pass.
   */
  record(modelId: string, settings: LoadSettings, tokensPerSecond: number): void;
}

const recorded = z.object({
  modelId: z.string(),
  machine: z.string(),
  contextSize: z.int(),
  kvType,
  flashAttention: z.boolean(),
  layersOnGpu: z.int(),
  expertsInRam: z.optional(z.int()),
  tokensPerSecond: z.number().check(z.positive()),
  /** A token took at most, the context full. */
  bytesPerToken: z.number().check(z.positive()),
});
type Recorded = z.infer<typeof recorded>;
const file = z.object({ probes: z.array(z.object({ where: z.string(), bandwidth })), answers: z.array(recorded) });

/** Answers of one model that are looked at, and answers kept of all. */
const lastAnswers = 5;
const keptAnswers = 500;
const keptProbes = 16;
const keptQuestions = 1_000;

export interface SpeedOptions {
  /** Of the app's data: `speed.json` lies there. */
  folder: string;
  /** Takes a second or two; asked once for the GPU and once for RAM. */
  measure(onGpu: boolean, cards?: LoadSettings['cards']): Promise<Bandwidth>;
  /** Nothing else computes here; asked before and after, as what was measured beside other work is worth nothing. */
  quiet?(): boolean;
}

/** Kept in `speed.json` of the data folder; a machine that changes its parts, its driver or its llama.cpp begins anew. */
export function createSpeed({ folder, measure, quiet = () => true }: SpeedOptions): Speed {
  const kept = openKept(path.join(folder, 'speed.json'), file, { probes: [], answers: [] });
  /** What `record` needs of the questions before it, by model and settings. */
  const asked = new Map<string, Omit<Recorded, 'tokensPerSecond'>>();
  const probing = new Map<string, Promise<void>>();
  const probeOf = (where: string): Bandwidth | undefined => kept.get().probes.find((probe) => probe.where === where)?.bandwidth;

  const keepProbe = (place: string, bandwidth: Bandwidth): void => {
    if (quiet()) kept.set({ ...kept.get(), probes: [...kept.get().probes, { where: place, bandwidth }].slice(-keptProbes) });
    else probing.delete(place);
  };

  return {
    of({ modelId, settings, answer, bits, machine }) {
      const { contextSize, flashAttention } = settings;
      const { onGpu: layersOnGpu, total, expertsInRam = 0 } = answer.layers;
      const bytes = bytesPerToken(answer);
      if (!bytes) return undefined;
      const bytesPerTokenFull = bytes.gpu.most + bytes.ram.most;
      const place = { layersOnGpu, ...(expertsInRam > 0 && { expertsInRam }) };
      const now = {
        modelId,
        machine: [name(machine), ...wayOf(settings)].join(' '),
        contextSize,
        kvType: settings.kvType,
        flashAttention,
        ...place,
        bytesPerToken: bytesPerTokenFull,
      };
      asked.set(keyOf(modelId, settings, layersOnGpu), now);
      if (asked.size > keptQuestions) asked.delete(asked.keys().next().value!);

      const known = kept.get().answers.filter((one) => one.modelId === modelId && one.machine === now.machine);
      // The same number of layers on the GPU where it ran so, else nothing is known of the other side's part.
      const alike = known.filter((one) => one.layersOnGpu === layersOnGpu && (one.expertsInRam ?? 0) === expertsInRam).slice(-lastAnswers);
      if (alike.length > 0) {
        const speeds = alike.map((one) => (one.tokensPerSecond * one.bytesPerToken) / bytesPerTokenFull);
        return { low: Math.min(...speeds), high: Math.max(...speeds), measured: true };
      }
      // Guessing ahead pays as far as the guesses are right, and the rate of RAM was measured with every thread.
      if (settings.speculation || (bytes.ram.most > 0 && (settings.threads ?? 'auto') !== 'auto')) return undefined;
      let [fast, slow] = [0, 0];
      for (const side of ['gpu', 'ram'] as const) {
        if (bytes[side].most === 0) continue;
        const probe = probeOf(where(machine, side));
        if (!probe) return undefined;
        const rates = neighbours(probe.rates, bits);
        // A layer whose experts lie in RAM is gone through on both sides.
        const layers = side === 'gpu' ? layersOnGpu : total - layersOnGpu + expertsInRam;
        fast += (bytes[side].least / Math.max(...rates.map(({ fastest }) => fastest))) * 1000 + layers * probe.layerMs.least;
        slow += (bytes[side].most / Math.min(...rates.map(({ slowest }) => slowest))) * 1000 + layers * probe.layerMs.most;
      }
      return fast > 0 ? { low: 1000 / slow, high: 1000 / fast, measured: false } : undefined;
    },

    async probe({ settings: { cards }, answer, machine }) {
      const bytes = bytesPerToken(answer);
      for (const side of ['gpu', 'ram'] as const) {
        const place = where(machine, side);
        if (!bytes || bytes[side].most === 0 || probeOf(place)) continue;
        if (!quiet()) return;
        // Once, also where it fails: what cannot be measured is not predicted.
        const job =
          probing.get(place) ??
          measure(side === 'gpu', cards).then(
            (bandwidth) => keepProbe(place, bandwidth),
            () => {},
          );
        probing.set(place, job);
        await job;
      }
    },

    record(modelId, settings, tokensPerSecond) {
      const question =
        settings.gpuLayers === 'auto'
          ? [...asked.values()].findLast((one) => one.modelId === modelId && one.contextSize === settings.contextSize && one.kvType === settings.kvType)
          : asked.get(keyOf(modelId, settings, settings.gpuLayers));
      if (!question || !(tokensPerSecond > 0)) return;
      const { probes, answers } = kept.get();
      kept.set({ probes, answers: [...answers, { ...question, tokensPerSecond }].slice(-keptAnswers) });
    },
  };
}

const keyOf = (modelId: string, settings: LoadSettings, layersOnGpu: number): string =>
  JSON.stringify([modelId, settings.contextSize, settings.kvType, layersOnGpu, settings.cards, ...wayOf(settings)]);

/** What was measured holds for these parts and this llama.cpp. */
const name = ({ backend, gpus, cpu, llamaCpp }: Asked['machine']): string => JSON.stringify([backend, gpus, cpu.name, cpu.threads, llamaCpp]);
/** What else decides how fast an answer is: which card has more of the layers, how many threads compute, ...; empty where nothing is chosen. */
const wayOf = ({ cards, engine = 'auto', threads = 'auto', slots = 1, speculation }: LoadSettings): (string | number)[] => [
  ...(sharesOf(cards) ?? []),
  ...(engine === 'auto' ? [] : [engine]),
  ...(threads === 'auto' ? [] : [`${threads} threads`]),
  ...(slots === 1 ? [] : [`${slots} slots`]),
  ...(speculation ? [JSON.stringify(speculation)] : []),
];
const where = (machine: Asked['machine'], side: 'gpu' | 'ram'): string => `${side} ${name(machine)}`;

/**
 * Bytes that one generated token takes on each side: the weights that it is computed with (of experts those used), the state read
 * and written, and the KV cache read, from none of it to all of the context. Not known for an answer without `active`.
 * Assumed: a token costs its bytes at the rate of weights of that many bits, and each layer what going through one costs; layers with
 * a state or experts cost no more to go through than plain ones, and the cache is read as fast as weights.
 */
export function bytesPerToken({ active, gpu, ram }: EstimateAnswer): Record<'gpu' | 'ram', { least: number; most: number }> | undefined {
  if (!active) return undefined;
  const side = (weights: number, { state, kvCache }: { state: number; kvCache: number }) => {
    const least = weights + 2 * state;
    return { least, most: least + kvCache };
  };
  return { gpu: side(active.gpu, gpu), ram: side(active.ram, ram) };
}

/** The rates of the types that a file of so many bits is made of: that of its own, else those with just fewer and with just more. */
function neighbours(rates: Bandwidth['rates'], bits: number): Bandwidth['rates'] {
  const own = rates.filter((one) => Math.abs(one.bits - bits) < 0.1);
  if (own.length > 0) return own;
  const [fewer, more] = [rates.findLast((one) => one.bits < bits), rates.find((one) => one.bits > bits)];
  return [fewer, more].filter((one) => one !== undefined);
}
