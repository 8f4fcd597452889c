/** One model, from the start of its load to the end of its process. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GenerateEvent, GenerateRequest, Ledger, SavedState } from '../../shared/contract/control.ts';
import { type AppError, Fault, type Result, toAppError, toFault } from '../../shared/result.ts';
import type { EngineState, LadderStep, LoadedModel } from '../../shared/schemas/engine.ts';
import type { EngineProcess } from '../platform.ts';
import { lastLines, type Running } from './attempt.ts';
import { crashFault, loadError } from './crash.ts';
import { type Descent, descend, keepsCrashing, type Landing } from './descent.ts';
import type { LoadOrder } from './order.ts';
import { filesNow } from './states.ts';

type Of<Status> = Extract<EngineState, { status: Status }>;

export interface Session {
  readonly order: LoadOrder;
  state(): Of<'loading'> | Of<'ready'>;
  /** The process with its model, once it can answer. */
  running(): Running | undefined;
  /** Its files as they were when the load began, see `filesNow`. */
  readonly files: string;
  /** When the load or the last answer ended, in ms of `performance.now()`. */
  usedAt(): number;
  /** Answers; settles after the `end` event. Rejects as `Engine.generate` does. */
  generate(request: GenerateRequest, on: (event: GenerateEvent) => void): Promise<void>;
  ledger(request: GenerateRequest): Promise<Ledger>;
  saveState(file: string, slot: number): Promise<SavedState>;
  restoreState(file: string, slot: number): Promise<SavedState>;
  /** Does nothing where it is not giving that answer. */
  stop(turnId: string): Promise<void>;
  /** Ends the load; or its answers, as `stop` does, and the process, once it kept what it has read. Settles when it is gone. */
  end(): Promise<void>;
}

export interface SessionParts extends Omit<Descent, 'order' | 'show' | 'onStep' | 'signal'> {
  /** Hears that `state` changed. */
  onChange(): void;
  onStep(fault: Fault, step: LadderStep): void;
  /** The load failed, or the process ended although nobody asked it to. */
  onFail(state: Of<'failed'>): void;
  /** The model goes, with what it has read: its process stays until this settles, for 15 s at most. Never rejects. */
  leaving?: ((model: LoadedModel, save: Session['saveState']) => Promise<void>) | undefined;
}

/** How long a model that goes may take to write what it has read, in ms. */
const leaveMs = 15_000;
/** How long answers may take to stop in a model that goes, in ms. */
const stopMs = 5_000;
/** How long a llama-server may take to end, in ms. */
const unloadMs = 5_000;
/** How long an engine may take to follow its llama-server, in ms. */
const followMs = 5_000;

export function createSession(order: LoadOrder, parts: SessionParts): Session {
  const { modelId } = order;
  const abort = new AbortController();
  /** By turn; each settles when its answer has ended, however. */
  const answers = new Map<string, Promise<unknown>>();
  let state: Of<'loading'> | Of<'ready'> = { status: 'loading', modelId, asked: order.settings, stage: 'starting', progress: 0 };
  let running: Running | undefined;
  let usedAt = performance.now();
  let over = false;
  let ended: Promise<void> | undefined;

  const show = (next: Of<'loading'> | Of<'ready'>): void => {
    if (over) return;
    state = next;
    parts.onChange();
  };
  const fail = (error: unknown, steps: LadderStep[], lines?: string[]): void => {
    if (over) return;
    over = true;
    abort.abort();
    parts.onFail({ status: 'failed', modelId, error: toAppError(error), ...some(steps), ...(lines && { lastLines: lines }) });
  };

  async function load(): Promise<void> {
    const landing = await descend({
      ...parts,
      order,
      show: (stage, progress, steps) => show({ status: 'loading', modelId, asked: order.settings, stage, progress, ...some(steps) }),
      signal: abort.signal,
    });
    if (!landing) return;
    if ('error' in landing) fail(loadError(landing.error), landing.steps, landing.lines);
    else if (over) landing.running.process.kill();
    else ready(landing);
  }

  function ready({ running: process, vision, plan, steps, unmet }: Extract<Landing, { running: Running }>): void {
    running = process;
    usedAt = performance.now();
    void process.process.exited.then((exit) => {
      const fault = crashFault(exit);
      if (!over) fail(parts.crashed() ? keepsCrashing(fault) : fault, [], lastLines(exit));
    });
    // What was predicted was of the first plan.
    const asPlanned = steps.length === (order.remembered?.length ?? 0);
    show({
      status: 'ready',
      modelId,
      asked: order.settings,
      model: process.model,
      ...(order.predicted && asPlanned && { predicted: order.predicted }),
      ...('problem' in vision && { visionProblem: vision.problem }),
      ...(unmet.length > 0 && { unmet }),
      answering: false,
      ...some(steps),
      ...(order.remembered && asPlanned && { remembered: true }),
    });
    order.onLoaded?.(plan, steps);
  }

  const loaded = (): Running => {
    if (!running || over) throw new Fault('engine.notLoaded', 'No model is loaded');
    return running;
  };
  const answering = (change: () => void): void => {
    change();
    usedAt = performance.now();
    if (state.status === 'ready') show({ ...state, answering: answers.size > 0 });
  };

  const saveState = async (file: string, slot: number): Promise<SavedState> => value(await running!.client.call('saveState', { file, slot }));
  const stop = async (turnId: string): Promise<void> => {
    if (answers.has(turnId)) await running?.client.call('stop', { turnId });
  };
  const leave = async ({ process, client, model }: Running): Promise<void> => {
    const stopped = [...answers].map(([turnId, answered]) => Promise.all([stop(turnId), answered]));
    await Promise.race([Promise.all(stopped), process.exited, pause(stopMs)]);
    if (parts.leaving) await Promise.race([parts.leaving(model, saveState), process.exited, pause(leaveMs)]);
    // A llama-server would outlive its engine by a moment, and its memory with it.
    if (model.backend === 'llama-server') await Promise.race([client.call('unload', undefined), process.exited, pause(unloadMs)]);
    process.kill();
    await process.exited;
  };

  const files = filesNow([...order.files, order.projector]);
  const tried = load();
  return {
    order,
    files,
    state: () => state,
    running: () => running,
    usedAt: () => usedAt,
    async generate(request, on) {
      const { client, model, process } = loaded();
      if (answers.size >= (model.slots ?? 1)) throw new Fault('engine.busy', 'The model is answering already');
      const answered = client.stream('generate', request, on);
      answering(() => answers.set(request.turnId, answered));
      try {
        const result = await answered;
        if (!result.ok) throw ended !== undefined ? new Fault('cancelled', 'The model was ejected while it answered') : await reason(process, result.error);
      } finally {
        answering(() => answers.delete(request.turnId));
      }
    },
    ledger: async (request) => value(await loaded().client.call('ledger', { request })),
    saveState: async (file, slot) => {
      loaded();
      return saveState(file, slot);
    },
    restoreState: async (file, slot) => value(await loaded().client.call('restoreState', { file, slot })),
    stop,
    end() {
      over = true;
      abort.abort();
      ended ??= running ? leave(running) : tried;
      return ended;
    },
  };
}

const some = (steps: LadderStep[]): { steps?: LadderStep[] } => (steps.length > 0 ? { steps: [...steps] } : {});

function value<T>(result: Result<T>): T {
  if (!result.ok) throw toFault(result.error);
  return result.value;
}

const pause = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });

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
