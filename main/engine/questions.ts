/** Questions about this machine and about models that are not loaded, each answered where only the cards that are meant are seen. */
import type { EstimateAnswer, EstimateRequest } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { Bandwidth, Hardware } from '../../shared/schemas/hardware.ts';
import type { LoadSettings } from '../../shared/schemas/memory.ts';
import { type Cards, cardFault, createCards } from '../hardware/cards.ts';
import type { Folders } from '../platform.ts';
import type { GpuGuard } from './brokenGpu.ts';
import { createEstimator } from './estimator.ts';

export interface Questions {
  /**
   * What this machine has, or as much of it as a model sees that may use only these `cards`; `folder` tells which disk. Asked of a second
   * process that ends when nobody asks. Throws `engine.noCard` where one of the cards is gone.
   */
  hardware(folder: string, cards?: LoadSettings['cards']): Promise<Hardware>;
  /** Each of its cards. */
  cards: Cards['list'];
  /** On the cards of its plan. Throws `engine.noCard` where one of them is gone. */
  estimate(request: EstimateRequest, signal?: AbortSignal): Promise<EstimateAnswer>;
  /** How fast this machine reads weights while it answers, on these cards; measured for about a second in a process of its own. */
  bandwidth(onGpu: boolean, cards?: LoadSettings['cards']): Promise<Bandwidth>;
}

export interface QuestionParts {
  gpu: GpuGuard;
  folders: Pick<Folders, 'models'>;
  /** Ms without a question after which the process that answers ends. */
  idleMs?: number | undefined;
}

/** `seeing`: what a process that may use these cards only needs in its environment. Throws `engine.noCard`. */
export function createQuestions({ gpu, folders, idleMs }: QuestionParts): {
  questions: Questions;
  seeing(cards: LoadSettings['cards']): Promise<Record<string, string> | undefined>;
  close(): Promise<void>;
} {
  const estimator = createEstimator(gpu.start, idleMs);
  const whole = (folder: string): Promise<Hardware> => gpu.ask(() => estimator.hardware(folder));
  const cards = createCards({ start: gpu.start, hardware: () => whole(folders.models) });
  const seeing = async (used: LoadSettings['cards']) => used && cards.environment(used.map(({ id }) => id));
  const askOn = async <T>(used: LoadSettings['cards'], ask: (env: Record<string, string> | undefined) => Promise<T>): Promise<T> => {
    try {
      return await ask(await seeing(used));
    } catch (error) {
      throw error instanceof Fault ? cardFault(error, used) : error;
    }
  };
  return {
    questions: {
      hardware: (folder, used) => (used ? askOn(used, (env) => estimator.hardware(folder, env)) : whole(folder)),
      cards: cards.list,
      estimate: (request, signal) => askOn(request.plan.cards, (env) => estimator.estimate(request, signal, env)),
      bandwidth: (onGpu, used) => askOn(used, (env) => estimator.bandwidth(onGpu, env)),
    },
    seeing,
    close: estimator.close,
  };
}
