/** The engine as core sees it: one model at a time in a process of its own, whose end never ends the app. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EstimateAnswer, EstimateRequest, GenerateEvent, GenerateRequest, Ledger, LoadPlan, SavedState } from '../../shared/contract/control.ts';
import { type AppError, Fault, type Result, toAppError, toFault } from '../../shared/result.ts';
import type { Ejection, EngineState, LadderStep, LoadedModel } from '../../shared/schemas/engine.ts';
import type { Bandwidth, Hardware } from '../../shared/schemas/hardware.ts';
import type { EngineChoice, LoadSettings, MemorySplit } from '../../shared/schemas/memory.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import type { Log } from '../log.ts';
import type { EngineProcess, Platform } from '../platform.ts';
import { createWatched } from '../watched.ts';
import { lastLines, type Running } from './attempt.ts';
import type { Used } from './backend.ts';
import { createGpuGuard } from './brokenGpu.ts';
import { crashFault } from './crash.ts';
import { descend, keepsCrashing, type Landing } from './descent.ts';
import { createEstimator } from './estimator.ts';
import { cameBack, look } from './footprint.ts';
import { builtServer } from './serverBuild.ts';
import { defaultBuild } from './vision.ts';

export interface LoadOrder {
  /** Library id. */
  modelId: string;
  /** Absolute paths in shard order. */
  files: string[];
  projector?: string | undefined;
  facts: ModelFacts;
  settings: LoadSettings;
  /** The settings with every `auto` decided. */
  plan: LoadPlan;
  /** The estimate that the plan came from, in bytes. */
  predicted?: { gpu: MemorySplit; ram: MemorySplit };
  /** The plan is that of an earlier load, which came to it by these steps. */
  remembered?: LadderStep[];
  /** Absent: node-llama-cpp for text. */
  engine?: EngineChoice;
  /** Nobody asked for it by hand: it does not make up for the crashes before it. */
  automatic?: boolean;
  /** Hears of the plan that worked, and of all the steps to it. */
  onLoaded?(plan: LoadPlan, steps: LadderStep[]): void;
}

export interface Engine {
  /**
   * Begins to load; a model or a load before it ends first. `watch` tells how it goes: a load that fails for memory or for its card is
   * tried again with the next smaller plan. Throws `engine.busy` while the model is answering.
   */
  load(order: LoadOrder): void;
  /** Ends the process, and a load that is under way; `unusedMinutes` where nobody asked for it. `watch` then tells what came back. */
  unload(unusedMinutes?: number): Promise<void>;
  /** Library id of the model that is loaded and can answer. */
  modelId(): string | undefined;
  /**
   * Answers; settles after the `end` event. Rejects with a `Fault`: `engine.notLoaded`, `engine.busy`, `engine.contextFull`,
   * `engine.crashed` when the process is gone.
   */
  generate(request: GenerateRequest, on: (event: GenerateEvent) => void): Promise<void>;
  /** What fills the context with this request; `used` is what the answer to it said of its prompt. Throws `engine.notLoaded`. */
  ledger(request: GenerateRequest, used?: Used): Promise<Ledger>;
  /** Writes the state of the last conversation to a file of the `stateFolder`. Throws `engine.notLoaded`, and where it cannot be written. */
  saveState(file: string): Promise<SavedState>;
  /** Takes up that state. Throws `engine.notLoaded`, and where it does not fit: the engine holds nothing then. */
  restoreState(file: string): Promise<SavedState>;
  /** Ends an answer; its `generate` still gives the `end` event. */
  stop(turnId: string): Promise<void>;
  watch(signal: AbortSignal): AsyncIterable<EngineState>;
  state(): EngineState;
  /** What this machine has; `folder` tells which disk. Asked of a second process that ends when nobody asks. */
  hardware(folder: string): Promise<Hardware>;
  estimate(request: EstimateRequest, signal?: AbortSignal): Promise<EstimateAnswer>;
  /** How fast this machine reads weights while it answers; measured for about a second in that process. */
  bandwidth(onGpu: boolean): Promise<Bandwidth>;
  /** Ends every process. */
  close(): Promise<void>;
}

export interface EngineOptions {
  platform: Pick<Platform, 'startEngine' | 'folders'>;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Ms without a question after which the estimating process ends. */
  idleMs?: number;
  build?: ReturnType<typeof defaultBuild>;
  /** Library id of the model that the next message would load. */
  last?: string | undefined;
  /** A folder that is there, for the states of conversations. */
  stateFolder?: string;
  /** A model that could answer goes, with what it has read: its process stays until this settles, for 15 s at most. Never rejects. */
  leaving?(model: LoadedModel, save: Engine['saveState']): Promise<void>;
}

/** A load and what came of it. */
interface Session {
  order: LoadOrder;
  abort: AbortController;
  /** Settles when the load is over, for better or worse. */
  tried: Promise<void>;
  running?: Running;
}

/** Crashes within so many ms after which nothing is started again by itself. */
const crashWindow = 5 * 60_000;
const mostCrashes = 3;
/** How long a model that goes may take to write what it has read, in ms. */
const leaveMs = 15_000;

export function createEngine({ platform, log, idleMs, build = defaultBuild(platform.folders.cache), last, stateFolder, leaving }: EngineOptions): Engine {
  const state = createWatched<EngineState>({ status: 'idle', ...(last !== undefined && { last }) });
  const gpu = createGpuGuard(platform.startEngine, log);
  const estimator = createEstimator(gpu.start, idleMs);
  const hardware = (folder: string): Promise<Hardware> => gpu.ask(() => estimator.hardware(folder));
  let session: Session | undefined;
  /** The process before must be gone, and its memory with it, when the next one starts. */
  let gone: Promise<unknown> = Promise.resolve();

  let crashes: number[] = [];

  /** Whether there were too many in a short time, with one more. */
  const crashedAgain = (): boolean => {
    const now = performance.now();
    crashes = [...crashes.filter((at) => now - at < crashWindow), now];
    return crashes.length >= mostCrashes;
  };

  const end = ({ abort, running, tried }: Session): void => {
    abort.abort();
    const ended = running ? leave(running).then(() => running.process.exited) : tried;
    gone = Promise.all([gone, ended]);
  };

  const leave = async ({ process, client, model }: Running): Promise<void> => {
    if (leaving) {
      const kept = leaving(model, async (file) => value(await client.call('saveState', { file })));
      await Promise.race([kept, process.exited, pause(leaveMs)]);
    }
    process.kill();
  };

  const fail = (mine: Session, error: unknown, steps: LadderStep[], lines?: string[]): void => {
    if (session !== mine) return;
    session = undefined;
    mine.abort.abort();
    const { modelId } = mine.order;
    const shown: AppError = toAppError(error);
    log.error(`${modelId}: ${shown.message}`, shown.code === 'internal' ? { error: String(error) } : shown.data);
    state.set({ status: 'failed', modelId, error: shown, ...some(steps), ...(lines && { lastLines: lines }) });
  };

  async function run(mine: Session): Promise<void> {
    const { order, abort } = mine;
    const { modelId } = order;
    const landing = await descend({
      order,
      start: gpu.start,
      build,
      built: (compute) => builtServer({ cacheFolder: platform.folders.cache, compute }),
      compute: async () => (await hardware(platform.folders.models)).backend,
      crashed: crashedAgain,
      free: () => gone,
      show: (stage, progress, steps) => session === mine && state.set({ status: 'loading', modelId, stage, progress, ...some(steps) }),
      onStep: ({ message }, step) => log.warn(`${modelId}: ${message}; trying again with less`, step),
      stateFolder,
      signal: abort.signal,
    });
    if (!landing) return;
    if ('error' in landing) fail(mine, landing.error, landing.steps, landing.lines);
    else if (session === mine) ready(mine, landing);
    else landing.running.process.kill();
  }

  function ready(mine: Session, { running, vision, plan, steps }: Extract<Landing, { running: Running }>): void {
    const { modelId, predicted, remembered, onLoaded } = mine.order;
    const { model, process } = running;
    mine.running = running;
    void process.exited.then((exit) => {
      if (session !== mine) return;
      const fault = crashFault(exit);
      fail(mine, crashedAgain() ? keepsCrashing(fault) : fault, [], lastLines(exit));
    });
    // What was predicted was of the first plan.
    const asPlanned = steps.length === (remembered?.length ?? 0);
    state.set({
      status: 'ready',
      modelId,
      model,
      ...(predicted && asPlanned && { predicted }),
      ...('problem' in vision && { visionProblem: vision.problem }),
      answering: false,
      ...some(steps),
      ...(remembered && asPlanned && { remembered: true }),
    });
    log.info(`${modelId}: loaded`, { backend: model.backend, context: model.contextSize, steps: steps.length });
    onLoaded?.(plan, steps);
  }

  const answering = (mine: Session, answering: boolean): void => {
    const now = state.get();
    if (session === mine && now.status === 'ready') state.set({ ...now, answering });
  };

  const freeVideo = async (): Promise<number | undefined> => (await hardware(platform.folders.models).catch(() => undefined))?.vram.free ?? undefined;

  async function unload(unusedMinutes?: number): Promise<void> {
    const ending = session;
    session = undefined;
    if (!ending) {
      const now = state.get();
      if (now.status === 'failed') state.set({ status: 'idle', last: now.modelId });
      return void (await gone);
    }
    const { modelId } = ending.order;
    const ejection: Ejection = { modelId, ...(unusedMinutes !== undefined && { unusedMinutes }) };
    const idle: EngineState = { status: 'idle', last: modelId, ejected: [ejection] };
    state.set(idle);
    const { running } = ending;
    const looked = running && look(running, freeVideo);
    const ended = async (): Promise<void> => {
      await looked;
      ending.abort.abort();
      if (running) await leave(running);
      await (running ? running.process.exited : ending.tried);
    };
    gone = Promise.all([gone, ended()]);
    await gone;
    const freed = await cameBack(await looked, freeVideo);
    if (freed && state.get() === idle) state.set({ ...idle, ejected: [{ ...ejection, freed }] });
  }

  const client = (): Running['client'] => {
    if (!session?.running) throw new Fault('engine.notLoaded', 'No model is loaded');
    return session.running.client;
  };

  return {
    load(order) {
      const now = state.get();
      if (now.status === 'ready' && now.answering) throw new Fault('engine.busy', 'The model is answering');
      if (session) end(session);
      if (!order.automatic) crashes = [];
      const mine: Session = { order, abort: new AbortController(), tried: Promise.resolve() };
      session = mine;
      mine.tried = run(mine);
    },
    unload,
    modelId() {
      const now = state.get();
      return now.status === 'ready' ? now.modelId : undefined;
    },
    async generate(request, on) {
      const now = state.get();
      const mine = session;
      if (now.status !== 'ready' || !mine?.running) throw new Fault('engine.notLoaded', 'No model is loaded');
      if (now.answering) throw new Fault('engine.busy', 'The model is answering already');
      answering(mine, true);
      try {
        const result = await mine.running.client.stream('generate', request, on);
        if (!result.ok) throw await reason(mine.running.process, result.error);
      } finally {
        answering(mine, false);
      }
    },
    ledger: async (request, used) => value(await client().call('ledger', { request, ...(used && { used }) })),
    saveState: async (file) => value(await client().call('saveState', { file })),
    restoreState: async (file) => value(await client().call('restoreState', { file })),
    async stop(turnId) {
      await session?.running?.client.call('stop', { turnId });
    },
    watch: (signal) => state.watch(signal),
    state: state.get,
    hardware,
    estimate: estimator.estimate,
    bandwidth: estimator.bandwidth,
    async close() {
      if (session) end(session);
      session = undefined;
      await Promise.all([gone, estimator.close()]);
    },
  };
}

const some = (steps: LadderStep[]): { steps?: LadderStep[] } => (steps.length > 0 ? { steps: [...steps] } : {});

function value<T>(result: Result<T>): T {
  if (!result.ok) throw toFault(result.error);
  return result.value;
}

const pause = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });

/** How long an engine may take to follow its llama-server, in ms. */
const followMs = 5_000;

/**
 * The fault behind a call that failed: a lost connection is the end of the process, which has words of its own. One whose llama-server
 * is gone follows it; until it has, nobody may ask it again.
 */
async function reason(process: EngineProcess, error: AppError): Promise<Fault> {
  if (error.code !== 'disconnected' && error.code !== 'engine.crashed') return toFault(error);
  if (error.code === 'engine.crashed') await Promise.race([process.exited, pause(followMs)]);
  process.kill();
  return crashFault(await process.exited);
}
