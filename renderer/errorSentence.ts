/** The sentence for an error: what happened and what to do, in the person's language, filled from its data. */
import type { TFunction } from 'i18next';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { Format } from '../shared/format.ts';
import type { AppError } from '../shared/result.ts';
import { crashCause, visionProblem } from '../shared/schemas/engine.ts';
import { moveProblem } from '../shared/schemas/library.ts';
import { useFormat } from './i18n.ts';

/** The sentence for `error`. Sizes in its data are bytes; names are shown without their folders. */
export function errorSentence(t: TFunction<'errors'>, format: Format, error: AppError): string {
  const data = error.data ?? {};
  const number = (key: string): number | undefined => (typeof data[key] === 'number' ? data[key] : undefined);
  const file = typeof data.file === 'string' ? data.file.replace(/^.*[\\/]/, '') : t('unknownFile');
  const values: Record<string, unknown> = { repo: t('unknownModel'), name: t('unknownFile'), reason: error.message, ...data, file };
  if (typeof data.endpoint === 'string') values.endpoint = data.endpoint.replace(/^https?:\/\//, '');
  for (const key of ['missing', 'limit']) {
    const bytes = number(key);
    if (bytes !== undefined) values[key] = format.fileSize(bytes);
  }
  for (const key of ['used', 'context', 'seconds']) {
    const n = number(key);
    if (n !== undefined) values[key] = format.count(n);
  }
  // `context` means something else to i18next.
  values.size = values.context;
  delete values.context;
  const vision = visionProblem.safeParse(data.reason);
  if (error.code === 'engine.noVision' && vision.success) return t(`engine.noVisionReason.${vision.data}`);
  const move = moveProblem.safeParse(data.reason);
  if (error.code === 'library.cannotMove' && move.success) return t(`library.cannotMoveReason.${move.data}`, values as { missing: string });
  const cause = crashCause.safeParse(data.cause);
  if (error.code === 'engine.crashed' && cause.success) return t(`engine.crashedBy.${cause.data}`);
  if (error.code === 'engine.loadFailed' && cause.success) return t(`engine.loadFailedBy.${cause.data}`);
  const needed = number('needed');
  const free = number('free');
  if (error.code === 'engine.outOfMemory' && needed !== undefined && free !== undefined) {
    return t('engine.outOfMemoryBy', { needed: format.memory(needed), free: format.memory(free) });
  }
  // The key is checked by a test over every code; its type would be a union of forty.
  return (t as (key: string, values: Record<string, unknown>) => string)(error.code, values);
}

/** `errorSentence` for the language on screen. */
export function useErrorSentence(): (error: AppError) => string {
  const { t } = useTranslation('errors');
  const format = useFormat();
  return useCallback((error) => errorSentence(t, format, error), [t, format]);
}
