/** Loads a model as asked, else with the next smaller plan that works; each try has a process of its own. */
import type { LoadPlan, LoadRequest } from '../../shared/contract/control.ts';
import { Fault, toAppError } from '../../shared/result.ts';
import { type LadderStep, serverProblem, type Unmet } from '../../shared/schemas/engine.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import { cardFault } from '../hardware/cards.ts';
import type { EngineProcess } from '../platform.ts';
import { attempt, type Failed, type Running } from './attempt.ts';
import { type Failure, failureOf } from './failure.ts';
import { nextPlan } from './ladder.ts';
import type { LoadOrder } from './order.ts';
import type { Built } from './serverBuild.ts';
import { unmetOf } from './unmet.ts';
import { type defaultBuild, prepareVision, serverForText, type Vision } from './vision.ts';

export interface Descent {
  order: LoadOrder;
  start(env: Record<string, string> | undefined): EngineProcess;
  /** The environment of a process that sees only these cards. Rejects with `engine.noCard` where one is gone. */
  seeing(cards: LoadPlan['cards']): Promise<Record<string, string> | undefined>;
  build: ReturnType<typeof defaultBuild>;
  /** The folder of a llama-server that is built already. */
  built(compute: Hardware['backend']): string | undefined;
  /** What computes on this machine where nobody says otherwise. */
  compute(): Promise<Hardware['backend']>;
  /** Hears of a process that died; true: that was one too many. */
  crashed(): boolean;
  /** Settles when the memory of processes before is free. */
  free(): Promise<unknown>;
  /** Has another model go where there was too little memory; false where none can. */
  makeRoom?(): boolean;
  /** Where the states of conversations are kept. */
  stateFolder?: string | undefined;
  /** How far it is, 0 to 1 within a stage, with the steps so far. */
  show(stage: 'building' | 'starting' | 'loading', progress: number, steps: LadderStep[]): void;
  /** Hears why a plan failed, and what is tried next. */
  onStep(fault: Fault, step: LadderStep): void;
  signal: AbortSignal;
}

/** A load that worked, with which plan; or why none did. `steps` are those of the remembered plan and those taken now. */
export type Landing = { steps: LadderStep[] } & ({ running: Running; plan: LoadPlan; vision: Vision; unmet: Unmet[] } | { error: unknown; lines?: string[] });

/** Never rejects. Undefined when `signal` aborted, with no process left. */
export async function descend(descent: Descent): Promise<Landing | undefined> {
  const { order, start, seeing, built, compute, free, makeRoom, show, onStep, stateFolder, signal } = descent;
  const { files, projector, facts, settings } = order;
  const steps = [...(order.remembered ?? [])];
  let { plan } = order;
  try {
    while (!signal.aborted) {
      show('starting', 0, steps);
      await free();
      const backend = async (): Promise<Hardware['backend']> => plan.compute ?? compute();
      const build = (on: Hardware['backend']): Promise<Built> => descent.build(on, (progress) => show('building', progress, steps), signal);
      const vision = await prepareVision({ projector, wanted: settings.vision, facts }, backend, build);
      const text = 'problem' in vision ? await serverForText(order.engine ?? 'node-llama-cpp', backend, built, build) : undefined;
      if (signal.aborted) break;
      show('starting', 0, steps);
      const served = 'problem' in vision ? text && 'folder' in text && { serverFolder: text.folder } : vision;
      const speculation = speculationOf(plan, order);
      const request: LoadRequest = {
        model: files[0]!,
        ...served,
        ...(stateFolder !== undefined && { stateFolder }),
        ...(speculation && { speculation }),
        plan,
      };
      const env = plan.compute ? { ATELIER_GPU: plan.compute } : await seeing(plan.cards);
      if (signal.aborted) break;
      const tried = await attempt(
        () => start(env),
        request,
        (progress) => show('loading', progress, steps),
        signal,
      );
      if (signal.aborted && 'model' in tried) tried.process.kill();
      if (signal.aborted) break;
      if ('model' in tried) {
        const problem = text && 'problem' in text ? text.problem : 'problem' in vision ? vision.problem : undefined;
        const missing = serverProblem.safeParse(problem).data;
        const unmet = unmetOf(settings, { model: tried.model, missing, guesses: speculation !== undefined, steps });
        return { running: tried, plan, vision, steps, unmet };
      }
      if (tried.crashed && descent.crashed()) return { error: keepsCrashing(tried.fault), lines: tried.lines, steps };
      const failure = await failed(descent, request, tried);
      if (failure && failure.of !== 'device' && makeRoom?.()) continue;
      const next = failure && down(descent, request, failure);
      if (!next) return { error: cardFault(tried.fault, plan.cards), lines: tried.lines, steps };
      onStep(tried.fault, next.step);
      steps.push(next.step);
      plan = next.plan;
    }
  } catch (error) {
    if (!signal.aborted) return { error, steps };
  }
  return undefined;
}

/** How the engine is to guess ahead; undefined where nothing does, or the model that did is gone. */
function speculationOf({ speculation }: LoadPlan, { draft }: LoadOrder): LoadRequest['speculation'] {
  if (speculation?.type !== 'draft') return speculation;
  return draft === undefined ? undefined : { type: 'draft', model: draft };
}

/** What a plan failed for, and what computes it; undefined where none would fare better. */
async function failed({ compute }: Descent, { plan }: LoadRequest, { fault, lines }: Failed): Promise<(Failure & { on: Hardware['backend'] }) | undefined> {
  const error = toAppError(fault);
  if (!failureOf(error, lines, true)) return undefined;
  // A machine that cannot be asked most often has a GPU whose driver is broken.
  const on = plan.compute ?? (await compute().catch(() => 'vulkan' as const));
  const failure = failureOf(error, lines, on !== 'cpu');
  return failure && { ...failure, on };
}

/** The next smaller plan, where there is one. */
const down = (
  { order: { facts } }: Descent,
  { plan, serverFolder, projector }: LoadRequest,
  { on, ...failure }: Failure & { on: Hardware['backend'] },
): ReturnType<typeof nextPlan> =>
  nextPlan(plan, failure, {
    layers: (facts.blockCount ?? 0) + 1,
    experts: serverFolder !== undefined && facts.experts !== undefined,
    projector: projector !== undefined,
    compute: on,
  });

/** What is told after too many crashes in a short time, with what the last one was. */
export const keepsCrashing = ({ data }: Fault): Fault => new Fault('engine.keepsCrashing', 'The engine crashed three times in a few minutes', data);
