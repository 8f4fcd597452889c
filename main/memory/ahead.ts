/** Asks what a person is likely to ask next while nobody asks: the stops beside the one that the context slider is at. */
import { contextSteps, longestContext, nearestStep } from '../../shared/contextSteps.ts';
import type { MemorySource } from '../../shared/contract/core.ts';
import type { Estimate, LoadSettings } from '../../shared/schemas/memory.ts';
import type { Memory } from './estimate.ts';

type Question = Parameters<Memory['estimate']>[0];

/** Stops of the slider to either side, as far as its larger step goes. */
const reach = 4;

/**
 * `memory.estimate`, which keeps its answers, with more of them kept than were asked for: `calm` ms after the last answer about a
 * model it asks about all quantizations that were asked about at the same settings, one after the other, nearest stops first, and
 * first those that the slider moves towards. A question of a person ends that at once.
 */
export function createAhead(memory: Pick<Memory, 'estimate'>, calm = 100): Memory['estimate'] {
  let looking = new AbortController();
  let waiting: NodeJS.Timeout | undefined;
  /** The rows on screen and what their settings are. */
  let position = '';
  let [contextSize, toward] = [0, 1];
  const rows = new Map<string, { source: MemorySource; steps: number[] }>();

  const stop = (): void => {
    clearTimeout(waiting);
    looking.abort();
    looking = new AbortController();
  };

  const note = ({ source, settings }: Question, { trainContext, ropeWays }: Estimate): void => {
    const now = JSON.stringify([source.kind === 'hub' ? source.repo : source.id, settings]);
    if (now !== position) {
      rows.clear();
      toward = settings.contextSize < contextSize ? -1 : 1;
      contextSize = settings.contextSize;
    }
    position = now;
    rows.set(JSON.stringify(source), { source, steps: contextSteps(longestContext(trainContext, settings, ropeWays)) });
    const { signal } = looking;
    clearTimeout(waiting);
    waiting = setTimeout(() => void look(settings, signal), calm).unref();
  };

  const look = async (settings: LoadSettings, signal: AbortSignal): Promise<void> => {
    for (let distance = 1; distance <= reach; distance++) {
      for (const side of [toward * distance, -toward * distance]) {
        for (const { source, steps } of rows.values()) {
          const stop = steps[nearestStep(steps, settings.contextSize) + side];
          if (stop !== undefined) await memory.estimate({ source, settings: { ...settings, contextSize: stop } }, signal).catch(() => {});
          if (signal.aborted) return;
        }
      }
    }
  };

  return async (question, signal) => {
    stop();
    const answer = await memory.estimate(question, signal);
    note(question, answer);
    return answer;
  };
}
