/** The engine as core sees it: each model in a process of its own, whose end never ends the app. */
import type { GenerateEvent, GenerateRequest, Ledger, SavedState } from '../../shared/contract/control.ts';
import { isSameLoad } from '../../shared/loadChoice.ts';
import { Fault } from '../../shared/result.ts';
import type { EngineState, LoadedModel } from '../../shared/schemas/engine.ts';
import type { LoadSettings } from '../../shared/schemas/memory.ts';
import type { Log } from '../log.ts';
import type { Platform } from '../platform.ts';
import { createWatched } from '../watched.ts';
import { createGpuGuard } from './brokenGpu.ts';
import { createEjections } from './ejections.ts';
import type { LoadOrder } from './order.ts';
import { createQuestions, type Questions } from './questions.ts';
import { toEject } from './room.ts';
import { builtServer } from './serverBuild.ts';
import { createSession, type Session, type SessionParts } from './session.ts';
import { defaultBuild } from './vision.ts';

/** A model that is loaded. */
export interface Loaded {
  modelId: string;
  model: LoadedModel;
  /** Its files as they were when the load began, see `filesNow`. */
  files: string;
  /** As it was asked for. */
  settings: LoadSettings;
  answering: boolean;
  /** When it was loaded or had answered the last time, in ms of `performance.now()`. */
  usedAt: number;
}

export interface Engine extends Questions {
  /**
   * Begins to load a model that answers from now on. One of the same id and a load before it end first, and the models that were used
   * longest ago where it needs their room. `watch` tells how it goes: a load that fails for memory or for its card is tried again
   * with others gone, then with the next smaller plan. Throws `engine.busy` where one that is answering would have to go.
   */
  load(order: LoadOrder): void;
  /** Has a model that is loaded with these settings answer from now on; a load under way ends. False where there is none. */
  use(modelId: string, settings: LoadSettings): boolean;
  /** Ends a model, or its load; without an id the one that answers. `unusedMinutes` where nobody asked for it. `watch` then tells what came back. */
  unload(modelId?: string, unusedMinutes?: number): Promise<void>;
  /** Every model that can answer. */
  loaded(): Loaded[];
  /** Answers; settles after the `end` event. Rejects with `engine.notLoaded`, `engine.busy`, `engine.contextFull`, `engine.crashed` when the process is gone. */
  generate(modelId: string, request: GenerateRequest, on: (event: GenerateEvent) => void): Promise<void>;
  /** What would fill the context with this request, as if nothing of it had been read before. Throws `engine.notLoaded`. */
  ledger(modelId: string, request: GenerateRequest): Promise<Ledger>;
  /** Writes the state of a slot's conversation to a file of the `stateFolder`. Throws `engine.notLoaded`, and where it cannot be written. */
  saveState(modelId: string, file: string, slot: number): Promise<SavedState>;
  /** Takes up that state. Throws `engine.notLoaded`, and where it does not fit: the slot holds nothing then. */
  restoreState(modelId: string, file: string, slot: number): Promise<SavedState>;
  /** Ends an answer; its `generate` still gives the `end` event. */
  stop(turnId: string): Promise<void>;
  watch(signal: AbortSignal): AsyncIterable<EngineState>;
  state(): EngineState;
  /** Ends every process. */
  close(): Promise<void>;
}

export interface EngineOptions extends Pick<SessionParts, 'leaving' | 'stateFolder'> {
  platform: Pick<Platform, 'startEngine' | 'folders'>;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Ms without a question after which the process that answers ends. */
  idleMs?: number;
  build?: ReturnType<typeof defaultBuild>;
  /** Library id of the model that the next message would load. */
  last?: string | undefined;
}

/** Crashes within so many ms after which nothing is started again by itself. */
const crashWindow = 5 * 60_000;
const mostCrashes = 3;

export function createEngine({ platform, log, idleMs, build = defaultBuild(platform.folders.cache), last, stateFolder, leaving }: EngineOptions): Engine {
  const state = createWatched<EngineState>({ status: 'idle', ...(last !== undefined && { last }) });
  const gpu = createGpuGuard(platform.startEngine, log);
  const { questions, seeing, close } = createQuestions({ gpu, folders: platform.folders, idleMs });
  const sessions = new Set<Session>();
  /** The one that answers. */
  let front: Session | undefined;
  /** What is told where there is none. */
  let without: Extract<EngineState, { status: 'idle' | 'failed' }> = { status: 'idle', ...(last !== undefined && { last }) };
  let crashes: number[] = [];

  /** Whether there were too many in a short time, with one more. */
  const crashed = (): boolean => {
    const now = performance.now();
    crashes = [...crashes.filter((at) => now - at < crashWindow), now];
    return crashes.length >= mostCrashes;
  };

  const loaded = (): (Loaded & { session: Session })[] =>
    [...sessions].flatMap((session) => {
      const now = session.state();
      const { modelId, settings } = session.order;
      return now.status === 'ready'
        ? [{ session, modelId, settings, model: now.model, files: session.files, answering: now.answering, usedAt: session.usedAt() }]
        : [];
    });

  const publish = (): void => {
    const ejected = ejections.list();
    const others = loaded()
      .filter(({ session }) => session !== front)
      .toSorted((a, b) => b.usedAt - a.usedAt)
      .map(({ modelId, settings, model, answering }) => ({ modelId, asked: settings, model, answering }));
    state.set({ ...(front?.state() ?? without), ...(others.length > 0 && { others }), ...(ejected.length > 0 && { ejected }) });
  };

  const hardware = () => questions.hardware(platform.folders.models);
  const freeVideo = async (): Promise<number | undefined> => (await hardware().catch(() => undefined))?.vram.free ?? undefined;
  const ejections = createEjections(freeVideo, publish);

  function eject(session: Session, why?: Parameters<typeof ejections.eject>[1]): void {
    sessions.delete(session);
    ejections.eject(session, why);
  }

  function end(session: Session): void {
    sessions.delete(session);
    ejections.end(session);
  }

  const refuseAnswering = (going: readonly Loaded[]): void => {
    const { modelId } = going.find(({ answering }) => answering) ?? {};
    if (modelId !== undefined) throw new Fault('engine.busy', 'A model that would have to go is answering', { modelId });
  };

  /** Has the model that was used longest ago go; false where none can. */
  function makeRoom(mine: Session): boolean {
    const [oldest] = loaded()
      .filter(({ session, answering }) => session !== mine && !answering)
      .toSorted((a, b) => a.usedAt - b.usedAt);
    if (oldest) eject(oldest.session, { forRoom: true });
    return oldest !== undefined;
  }

  function start(order: LoadOrder): Session {
    const { modelId } = order;
    const session: Session = createSession(order, {
      start: gpu.start,
      seeing,
      build,
      built: (compute) => builtServer({ cacheFolder: platform.folders.cache, compute }),
      compute: async () => (await hardware()).backend,
      crashed,
      free: ejections.gone,
      makeRoom: () => makeRoom(session),
      stateFolder,
      leaving,
      onChange: publish,
      onStep: ({ message }, step) => log.warn(`${modelId}: ${message}; trying again with less`, step),
      onFail(failure) {
        const { error } = failure;
        log.error(`${modelId}: ${error.message}`, error.data);
        sessions.delete(session);
        if (front === session) {
          front = undefined;
          without = failure;
        }
        publish();
      },
    });
    return session;
  }

  const session = (modelId: string): Session => {
    const found = loaded().find((each) => each.modelId === modelId)?.session;
    if (!found) throw new Fault('engine.notLoaded', 'No model is loaded');
    return found;
  };
  /** The loads under way: one, which whatever comes next replaces. */
  const loading = (): Session[] => [...sessions].filter((each) => each.state().status === 'loading');

  return {
    load(order) {
      const same = loaded().filter(({ modelId }) => modelId === order.modelId);
      const beside = loaded().filter(({ modelId }) => modelId !== order.modelId);
      const forRoom = toEject(order.room, beside);
      refuseAnswering([...same, ...forRoom]);
      if (!order.automatic) crashes = [];
      ejections.forget();
      for (const each of [...loading(), ...same.map((one) => one.session)]) end(each);
      for (const each of forRoom) eject(each.session, { forRoom: true });
      front = start(order);
      sessions.add(front);
      publish();
    },
    use(modelId, settings) {
      const found = loaded().find((each) => each.modelId === modelId && isSameLoad(each.settings, settings));
      if (!found) return false;
      for (const each of loading()) end(each);
      front = found.session;
      publish();
      return true;
    },
    async unload(modelId, unusedMinutes) {
      const ending = modelId === undefined ? front : [...sessions].find(({ order }) => order.modelId === modelId);
      if (ending) eject(ending, unusedMinutes === undefined ? {} : { unusedMinutes });
      else if (without.status === 'failed' && (modelId ?? without.modelId) === without.modelId) without = { status: 'idle', last: without.modelId };
      if (ending && ending === front) {
        front = loaded().toSorted((a, b) => b.usedAt - a.usedAt)[0]?.session;
        without = { status: 'idle', last: ending.order.modelId };
      }
      publish();
      await ejections.gone();
    },
    loaded,
    generate: async (modelId, request, on) => session(modelId).generate(request, on),
    ledger: async (modelId, request) => session(modelId).ledger(request),
    saveState: async (modelId, file, slot) => session(modelId).saveState(file, slot),
    restoreState: async (modelId, file, slot) => session(modelId).restoreState(file, slot),
    async stop(turnId) {
      await Promise.all([...sessions].map((each) => each.stop(turnId)));
    },
    watch: (signal) => state.watch(signal),
    state: state.get,
    ...questions,
    async close() {
      for (const each of sessions) end(each);
      front = undefined;
      await Promise.all([ejections.gone(), close()]);
    },
  };
}
