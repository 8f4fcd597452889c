/** The context sizes that a slider offers. */
import type { LoadSettings, RopeWay } from './schemas/memory.ts';

/** How many times the context that a model was made for it may be stretched to: further than that its answers are worth nothing. */
const stretchedTimes = 4;

/** The largest context in tokens: stretched where that was asked for, and the model can be stretched in one of `ways`. */
export const longestContext = (trainContext: number, { ropeScaling = 'none' }: Pick<LoadSettings, 'ropeScaling'>, ways: readonly RopeWay[] = []): number =>
  ropeScaling !== 'none' && ways.includes(ropeScaling) ? trainContext * stretchedTimes : trainContext;

/** From 256 tokens to `max`, four steps to each doubling (multiples of 256), `max` itself the last. */
export function contextSteps(max: number): number[] {
  const steps = [256, 512, 768];
  for (let base = 1024; base < max; base *= 2) {
    for (const quarter of [4, 5, 6, 7]) steps.push((base / 4) * quarter);
  }
  return [...steps.filter((step) => step < max), Math.max(256, max)];
}

/** The place of the step nearest to `tokens` that does not exceed it. */
export function nearestStep(steps: readonly number[], tokens: number): number {
  const above = steps.findIndex((step) => step > tokens);
  return above === -1 ? steps.length - 1 : Math.max(0, above - 1);
}
