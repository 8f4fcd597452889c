/** The settings of an answer, each from the nearest place that has one. */
import { type Choice, choose } from './choice.ts';
import type { AnswerChange, AnswerKey, AnswerSettings, WholeAnswerSettings } from './schemas/answer.ts';
import { defaultSampling, type Sampling } from './schemas/sampling.ts';
import type { Settings } from './schemas/settings.ts';

/** `recommended`: by the makers of the model; `engine`: as llama.cpp does by itself. */
export type AnswerSource = 'request' | 'chat' | 'model' | 'global' | 'recommended' | 'engine';
export type AnswerChoice = Choice<WholeAnswerSettings, AnswerSource>;

const byItself: WholeAnswerSettings = { ...defaultSampling, systemPrompt: '', overflow: 'stop', thinking: false };

interface Places {
  request?: AnswerSettings | undefined;
  chat?: AnswerSettings | undefined;
  /** The person's own, with what is kept for models. */
  settings: Pick<Settings, 'systemPrompt' | 'overflow' | 'thinking' | 'sampling' | 'modelAnswers'>;
  /** Library id of the model that answers. */
  modelId?: string | undefined;
  /** By that model. */
  recommended?: Sampling | undefined;
}

/** Request over chat over model over global over what the model recommends over llama.cpp. */
export function chooseAnswer({ request, chat, settings, modelId, recommended }: Places): AnswerChoice {
  const { systemPrompt, overflow, thinking, sampling, modelAnswers } = settings;
  return choose<WholeAnswerSettings, AnswerSource>(
    ['engine', byItself],
    ['recommended', recommended],
    ['global', { systemPrompt, overflow, thinking, ...sampling }],
    ['model', modelId === undefined ? undefined : modelAnswers[modelId]],
    ['chat', chat],
    ['request', request],
  );
}

/** `settings` after a change. */
export function changed(settings: AnswerSettings, { set, inherit = [] }: AnswerChange): AnswerSettings {
  return Object.fromEntries(Object.entries({ ...settings, ...set }).filter(([key, value]) => value !== undefined && !inherit.includes(key as AnswerKey)));
}

/** The change that makes `to` of `from`. */
export function changeTo(from: AnswerSettings, to: AnswerSettings): AnswerChange {
  const gone = (Object.keys(from) as AnswerKey[]).filter((key) => to[key] === undefined);
  return { set: to, ...(gone.length > 0 && { inherit: gone }) };
}
