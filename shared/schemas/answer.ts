/** What an answer depends on besides the conversation and the model. */
import * as z from 'zod/mini';
import { sampling } from './sampling.ts';

/** What to leave out of a conversation that is longer than the context: nothing, so it stops there; the oldest; what is between its ends. */
export const overflow = z.enum(['stop', 'dropOldest', 'keepEnds']);
export type Overflow = z.infer<typeof overflow>;

export const systemPrompt = z.string().check(z.maxLength(100_000));

/** As far as it is said for a chat or a model; what is absent is as it is said elsewhere. */
export const answerSettings = z.object({
  systemPrompt: z.optional(systemPrompt),
  overflow: z.optional(overflow),
  /** Thinks first, where the model's template can be switched. */
  thinking: z.optional(z.boolean()),
  ...sampling.shape,
});
export type AnswerSettings = z.infer<typeof answerSettings>;
export type AnswerKey = keyof AnswerSettings;

/** Every value of it decided. */
export type WholeAnswerSettings = { [K in AnswerKey]-?: NonNullable<AnswerSettings[K]> };

/** What changes of them: new values, and those that are as said elsewhere from now on. */
export const answerChange = z.object({ set: answerSettings, inherit: z.optional(z.array(z.keyof(answerSettings))) });
export type AnswerChange = z.infer<typeof answerChange>;

/** Settings under a name that the person gave them. */
export const preset = z.object({ id: z.string(), name: z.string().check(z.minLength(1), z.maxLength(80)), settings: answerSettings });
export type Preset = z.infer<typeof preset>;
