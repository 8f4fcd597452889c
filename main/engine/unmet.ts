/** What of the settings that were asked for does not hold, although there was room for it. */
import type { LadderStep, LoadedModel, ServerProblem, Unmet } from '../../shared/schemas/engine.ts';
import { type LoadSettings, sharesOf } from '../../shared/schemas/memory.ts';

interface Ground {
  model: Pick<LoadedModel, 'backend'>;
  /** What building llama-server lacked, where it was tried. */
  missing?: ServerProblem | undefined;
  /** Something was there to guess ahead with. */
  guesses: boolean;
  /** Those down, which tell for themselves. */
  steps: readonly LadderStep[];
}

/** What llama-server alone can do where the other engine runs the model; and what nothing can guess for. */
export function unmetOf(asked: LoadSettings, { model, missing = 'build', guesses, steps }: Ground): Unmet[] {
  const speculates = asked.speculation !== undefined && steps.every(({ change }) => change !== 'speculation');
  if (model.backend === 'llama-server') return speculates && !guesses ? [{ setting: 'speculation', why: 'noGuesser' }] : [];
  const why = asked.engine === 'node-llama-cpp' ? 'otherEngine' : missing;
  const wanted: Record<Unmet['setting'], boolean> = {
    engine: asked.engine === 'llama-server',
    slots: (asked.slots ?? 1) > 1,
    speculation: speculates,
    // A step to another backend leaves the choice of cards out.
    cards: sharesOf(asked.cards) !== undefined && steps.every(({ change }) => change !== 'backend'),
  };
  return (Object.keys(wanted) as Unmet['setting'][]).filter((setting) => wanted[setting]).map((setting) => ({ setting, why }));
}
