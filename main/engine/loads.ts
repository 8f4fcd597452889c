/** Begins loads, for a person or for a message that waits: with the plan of the estimate that was shown, or with the one that worked here before. */
import path from 'node:path';
import * as z from 'zod/mini';
import { type LoadPlan, loadPlan } from '../../shared/contract/control.ts';
import { chooseLoad, type LoadPart } from '../../shared/loadChoice.ts';
import { Fault, toFault } from '../../shared/result.ts';
import { type LadderStep, ladderStep } from '../../shared/schemas/engine.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import { asksForServer, type LoadSettings, loadSettings, memorySettings } from '../../shared/schemas/memory.ts';
import { aborted } from '../aborted.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import type { Memory } from '../memory/estimate.ts';
import { openKept } from '../memory/kept.ts';
import { loadError } from './crash.ts';
import type { LoadOrder } from './order.ts';
import type { Engine } from './supervisor.ts';

export interface LoadWish {
  /** Absent: what is kept for the model, else the person's own settings. */
  settings?: LoadSettings | undefined;
  /** Forgets what worked before and tries as asked. */
  afresh?: boolean | undefined;
  /** Nobody asked for it by hand. */
  automatic?: boolean;
}

export interface Loads {
  /**
   * Answers when the load has begun, or the model was loaded so already. Errors: those of the estimate, `library.notFound`,
   * `engine.busy`, `engine.replaced` where another one was asked for meanwhile.
   */
  load(id: string, wish: LoadWish, signal: AbortSignal): Promise<void>;
  /** The model that answers the next message: the one that is to be loaded, is loading or loaded, else the last one. */
  next(): string | undefined;
  /** Settles when `id` can answer, and loads it where nothing is. Rejects with why it cannot, with `cancelled` when `signal` aborts. */
  ready(id: string, signal: AbortSignal): Promise<void>;
}

export interface LoadParts {
  /** Where `loads.json` is kept. */
  folder: string;
  engine: Pick<Engine, 'load' | 'use' | 'loaded' | 'state' | 'watch'>;
  library: { resolve(id: string): Promise<{ files: string[]; projector?: string; facts: ModelFacts }> };
  memory: Pick<Memory, 'estimate' | 'needs' | 'plan'>;
  hardware(): Promise<Hardware>;
  /** The person's own, and what is kept for the model. */
  settings(id: string): { global: LoadSettings; model: LoadPart | undefined };
}

const worked = z.object({ modelId: z.string(), machine: z.string(), asked: loadSettings, plan: loadPlan, steps: z.array(ladderStep) });
const keptLoads = z.object({ last: z.optional(z.object({ modelId: z.string(), settings: z.optional(loadSettings) })), worked: z.array(worked) });
const mostKept = 100;

/** What is remembered of loads, in `loads.json` of `folder`. */
export const openLoads = (folder: string) => openKept(path.join(folder, 'loads.json'), keptLoads, { worked: [] });

export function createLoads({ folder, engine, library, memory, hardware, settings }: LoadParts): Loads {
  const kept = openLoads(folder);
  /** The load that was asked for last, until it has begun. */
  let beginning: { id: string; begun: Promise<void> } | undefined;

  const load: Loads['load'] = async (id, wish, signal) => {
    const mine = { id, begun: Promise.resolve() };
    beginning = mine;
    mine.begun = begin(id, wish, signal, () => beginning === mine).catch((error: unknown) => {
      throw loadError(error);
    });
    try {
      await mine.begun;
    } finally {
      if (beginning === mine) beginning = undefined;
    }
  };

  async function begin(id: string, { settings: asked, afresh, automatic }: LoadWish, signal: AbortSignal, isLast: () => boolean): Promise<void> {
    const { settings: wanted } = chooseLoad({ ...settings(id), request: asked });
    const remember = (): void => kept.set({ ...kept.get(), last: { modelId: id, ...(asked && { settings: asked }) } });
    // Chosen without a word about settings, it stays as it is, whatever is kept for the model by now.
    const as = asked ? wanted : (engine.loaded().find(({ modelId }) => modelId === id)?.settings ?? wanted);
    if (!afresh && engine.use(id, as)) return remember();
    const [{ files, projector, facts }, machine] = await Promise.all([library.resolve(id), hardware().then(nameOf)]);
    const same = (one: z.infer<typeof worked>): boolean => one.modelId === id && one.machine === machine && isSame(one.asked, wanted);
    const before = afresh ? undefined : kept.get().worked.find(same);
    const tried = before ? asSettings(before.plan) : wanted;
    const estimate = await memory.estimate({ source: { kind: 'library', id }, settings: tried }, signal);
    const { speculation, cards } = estimate.settings;
    const draft = speculation?.type === 'draft' ? (await library.resolve(speculation.model)).files[0] : undefined;
    const order: LoadOrder = {
      modelId: id,
      files,
      projector,
      ...(draft !== undefined && { draft }),
      facts,
      settings: wanted,
      plan: before ? withSpeed(before.plan, wanted) : memory.plan(wanted, estimate),
      predicted: { gpu: estimate.gpu, ram: estimate.ram },
      room: { needs: await memory.needs(estimate), free: estimate.free, ...(cards && { cards }) },
      // What was estimated is what loads it, where it is built.
      engine: estimate.engine === 'llama-server' ? (asksForServer(estimate.settings) ? 'llama-server' : (wanted.engine ?? 'auto')) : 'node-llama-cpp',
      ...(before && { remembered: before.steps }),
      ...(automatic && { automatic }),
      onLoaded(plan: LoadPlan, steps: LadderStep[]) {
        const others = kept.get().worked.filter((one) => !same(one));
        const learned = steps.length > 0 ? [{ modelId: id, machine, asked: wanted, plan, steps }] : [];
        kept.set({ ...kept.get(), worked: [...others, ...learned].slice(-mostKept) });
      },
    };
    if (!isLast()) throw new Fault('engine.replaced', 'Another load was asked for meanwhile');
    engine.load(order);
    remember();
  }

  const next: Loads['next'] = () => {
    if (beginning) return beginning.id;
    const state = engine.state();
    return state.status === 'idle' ? (state.last ?? kept.get().last?.modelId) : state.modelId;
  };

  return {
    load,
    next,
    async ready(id, signal) {
      const can = (): boolean => engine.loaded().some(({ modelId }) => modelId === id);
      if (beginning?.id === id) {
        await Promise.race([beginning.begun, aborted(signal)]).catch((error: unknown) => {
          if (signal.aborted) throw stopped();
          if (!can()) throw error instanceof Fault && error.code === 'cancelled' ? new Fault('engine.ejected', 'The load was taken back') : error;
        });
      }
      if (can()) {
        // The one that it was beside may have been ejected.
        if (next() === id && kept.get().last?.modelId !== id) kept.set({ ...kept.get(), last: { modelId: id } });
        return;
      }
      if (next() !== id) throw new Fault('engine.replaced', 'Another model was loaded while the message waited');
      const now = engine.state();
      if (now.status === 'failed' && now.error.code === 'engine.keepsCrashing') throw toFault(now.error);
      if (now.status === 'idle' || now.status === 'failed') {
        const { last } = kept.get();
        await load(id, { settings: last?.modelId === id ? last.settings : undefined, automatic: true }, signal).catch((error: unknown) => {
          throw signal.aborted ? stopped() : error;
        });
      }
      for await (const state of engine.watch(signal)) {
        if (can()) return;
        const ejected = state.ejected?.some(({ modelId }) => modelId === id);
        if (state.status === 'idle' || ejected) throw new Fault('engine.ejected', 'The model was ejected while the message waited');
        if (state.modelId !== id) throw new Fault('engine.replaced', 'Another model was loaded while the message waited');
        if (state.status === 'failed') throw toFault(state.error);
      }
      throw stopped();
    },
  };
}

const stopped = (): Fault => new Fault('cancelled', 'Stopped while the model was loading');

/** A plan holds for the parts of this machine and for this llama.cpp. */
const nameOf = ({ backend, gpus, vram, cpu, ram, llamaCpp }: Hardware): string => JSON.stringify([backend, gpus, vram.total, cpu.name, ram.total, llamaCpp]);

/** Whether what worked with the one would with the other: they take the same memory, and hold the same positions. */
function isSame(a: LoadSettings, b: LoadSettings): boolean {
  const what = (of: LoadSettings): string => JSON.stringify([memorySettings(loadSettings.parse(of)), of.ropeScaling, of.ropeFreqBase]);
  return what(a) === what(b);
}

/** A plan that worked, with what is asked now of that which plays no part in its memory. */
const withSpeed = (plan: LoadPlan, { threads, mmap, mlock, keepMinutes }: LoadSettings): LoadPlan => ({ ...plan, threads, mmap, mlock, keepMinutes });

/** The settings that a plan comes from, so that what is predicted is what is loaded. */
const asSettings = (plan: LoadPlan): LoadSettings => loadSettings.parse(plan);
