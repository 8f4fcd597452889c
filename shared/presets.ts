/** Settings to choose by name: three of ours, and the person's own. */
import { changed } from './answerChoice.ts';
import type { AnswerKey, AnswerSettings } from './schemas/answer.ts';

/** How words are drawn, but for the seed and the length: what every preset decides. */
export const drawingKeys = ['temperature', 'topK', 'topP', 'minP', 'repeatPenalty', 'presencePenalty'] as const satisfies AnswerKey[];

/** Ours. Named in the person's language. */
export const builtInPresets = {
  precise: { temperature: 0.2, topK: 20, topP: 0.9, minP: 0.1 },
  balanced: { temperature: 0.7, topK: 40, topP: 0.95, minP: 0.05 },
  creative: { temperature: 1.1, topK: 0, topP: 0.98, minP: 0.02 },
} as const satisfies Record<string, AnswerSettings>;
export type BuiltInPreset = keyof typeof builtInPresets;

/** `settings` with those of a preset: what it says nothing of is kept, but for the drawing of words, which is then as said elsewhere. */
export const withPreset = (settings: AnswerSettings, preset: AnswerSettings): AnswerSettings =>
  changed(settings, { set: preset, inherit: drawingKeys.filter((key) => preset[key] === undefined) });

/** Whether `settings` are as they would be with this preset. */
export function isPreset(settings: AnswerSettings, preset: AnswerSettings): boolean {
  const keys = new Set<AnswerKey>([...drawingKeys, ...(Object.keys(preset) as AnswerKey[])]);
  return [...keys].every((key) => settings[key] === preset[key]);
}
