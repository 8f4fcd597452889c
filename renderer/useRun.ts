/** Runs what may go wrong and says so. */
import { useCallback } from 'react';
import type { Result } from '../shared/result.ts';
import { useErrorSentence } from './errorSentence.ts';
import { notifyError } from './ui/toasts.tsx';

/** A function that awaits an action; its error becomes a notice. It answers whether all went well. */
export function useRun(): (action: Promise<Result<unknown>>) => Promise<boolean> {
  const sentence = useErrorSentence();
  return useCallback(
    async (action) => {
      const answer = await action;
      if (!answer.ok && answer.error.code !== 'cancelled') notifyError(sentence(answer.error));
      return answer.ok;
    },
    [sentence],
  );
}
