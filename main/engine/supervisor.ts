/** The engine as core sees it: one model at a time in a process of its own, whose end never ends the app. */
import { control, type EstimateAnswer, type EstimateRequest, type GenerateEvent, type GenerateRequest, type LoadPlan } from '../../shared/contract/control.ts';
import { type AppError, Fault, toAppError, toFault } from '../../shared/result.ts';
import { type Client, connect } from '../../shared/rpc/connect.ts';
import type { EngineState, LoadedModel } from '../../shared/schemas/engine.ts';
import type { Bandwidth, Hardware } from '../../shared/schemas/hardware.ts';
import type { LoadSettings, MemorySplit } from '../../shared/schemas/memory.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import type { Log } from '../log.ts';
import type { EngineProcess, Platform } from '../platform.ts';
import { createWatched } from '../watched.ts';
import { crashFault } from './crash.ts';
import { createEstimator } from './estimator.ts';
import { defaultBuild, prepareVision } from './vision.ts';

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
}

export interface Engine {
  /** Begins to load; a model or a load before it ends first. `watch` tells how it goes. */
  load(order: LoadOrder): void;
  /** Ends the process, and a load that is under way. */
  unload(): Promise<void>;
  /** Library id of the model that is loaded and can answer. */
  modelId(): string | undefined;
  /**
   * Answers; settles after the `end` event. Rejects with a `Fault`: `engine.notLoaded`, `engine.busy`, `engine.contextFull`,
   * `engine.crashed` when the process is gone.
   */
  generate(request: GenerateRequest, on: (event: GenerateEvent) => void): Promise<void>;
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
}

/** A load and what came of it. */
interface Session {
  order: LoadOrder;
  abort: AbortController;
  process?: EngineProcess;
  client?: Client<typeof control>;
}

export function createEngine({ platform, log, idleMs, build = defaultBuild(platform.folders.cache) }: EngineOptions): Engine {
  const state = createWatched<EngineState>({ status: 'idle' });
  const estimator = createEstimator(platform.startEngine, idleMs);
  let session: Session | undefined;
  /** The process before must be gone, and its memory with it, when the next one starts. */
  let gone: Promise<unknown> = Promise.resolve();

  const end = ({ abort, process }: Session): void => {
    abort.abort();
    process?.kill();
    if (process) gone = Promise.all([gone, process.exited]);
  };

  const fail = (mine: Session, error: unknown): void => {
    if (session !== mine) return;
    session = undefined;
    end(mine);
    const { modelId } = mine.order;
    const shown: AppError = toAppError(error);
    log.error(`${modelId}: ${shown.message}`, shown.code === 'internal' ? { error: String(error) } : shown.data);
    state.set({ status: 'failed', modelId, error: shown });
  };

  async function run(mine: Session): Promise<void> {
    const { order, abort } = mine;
    const { modelId, files, projector, facts, settings, plan, predicted } = order;
    const show = (stage: 'building' | 'starting' | 'loading', progress: number): void => {
      if (session === mine) state.set({ status: 'loading', modelId, stage, progress });
    };
    show('starting', 0);
    await gone;
    const vision = await prepareVision(
      { projector, wanted: settings.vision, facts },
      async () => (await estimator.hardware(platform.folders.models)).backend,
      (compute) => build(compute, (progress) => show('building', progress), abort.signal),
    );
    if (session !== mine) return;
    show('starting', 0);
    const process = platform.startEngine();
    const client = connect(control, process.port);
    Object.assign(mine, { process, client });
    void process.exited.then((exit) => {
      if (session !== mine) return;
      log.warn(`${modelId}: the engine process ended`, { code: exit.code, signal: exit.signal, lastWords: exit.lastWords.slice(-4_000) });
      fail(mine, crashFault(exit));
    });

    let loaded: LoadedModel | undefined;
    const seeing = 'problem' in vision ? {} : vision;
    const result = await client.stream(
      'load',
      { model: files[0]!, ...seeing, plan },
      (event) => {
        if (event.type === 'loaded') loaded = event.model;
        else show('loading', event.progress);
      },
      { signal: abort.signal },
    );
    if (!result.ok) throw await reason(process, result.error);
    if (session !== mine || !loaded) return;
    const visionProblem = 'problem' in vision ? { visionProblem: vision.problem } : {};
    state.set({ status: 'ready', modelId, model: loaded, ...(predicted && { predicted }), ...visionProblem, answering: false });
    log.info(`${modelId}: loaded`, { backend: loaded.backend, context: loaded.contextSize });
  }

  const answering = (mine: Session, answering: boolean): void => {
    const now = state.get();
    if (session === mine && now.status === 'ready') state.set({ ...now, answering });
  };

  async function unload(): Promise<void> {
    const ending = session;
    session = undefined;
    if (ending) end(ending);
    if (state.get().status !== 'idle') state.set({ status: 'idle' });
    await gone;
  }

  return {
    load(order) {
      if (session) end(session);
      const mine: Session = { order, abort: new AbortController() };
      session = mine;
      void run(mine).catch((error: unknown) => fail(mine, error));
    },
    unload,
    modelId() {
      const now = state.get();
      return now.status === 'ready' ? now.modelId : undefined;
    },
    async generate(request, on) {
      const now = state.get();
      const mine = session;
      if (now.status !== 'ready' || !mine?.client || !mine.process) throw new Fault('engine.notLoaded', 'No model is loaded');
      if (now.answering) throw new Fault('engine.busy', 'The model is answering already');
      answering(mine, true);
      try {
        const result = await mine.client.stream('generate', request, on);
        if (!result.ok) throw await reason(mine.process, result.error);
      } finally {
        answering(mine, false);
      }
    },
    async stop(turnId) {
      await session?.client?.call('stop', { turnId });
    },
    watch: (signal) => state.watch(signal),
    state: state.get,
    hardware: estimator.hardware,
    estimate: estimator.estimate,
    bandwidth: estimator.bandwidth,
    async close() {
      await Promise.all([unload(), estimator.close()]);
    },
  };
}

/** The fault behind a call that failed: a lost connection is the end of the process, which has words of its own. */
async function reason(process: EngineProcess, error: AppError): Promise<Fault> {
  return error.code === 'disconnected' ? crashFault(await process.exited) : toFault(error);
}
