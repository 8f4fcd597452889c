/** Does something in core and says so when it was refused. */
import { useCallback } from 'react';
import type { Result } from '../../../shared/result.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { notifyError } from '../../ui/toasts.tsx';

/** Waits for a call; a refusal is said in a notice, `then` runs only after success. */
export function useAct(): <T>(doing: Promise<Result<T>>, then?: (value: T) => void) => void {
  const sentence = useErrorSentence();
  return useCallback(
    (doing, then) => {
      void doing.then((result) => {
        if (result.ok) then?.(result.value);
        else if (result.error.code !== 'cancelled') notifyError(sentence(result.error));
      });
    },
    [sentence],
  );
}
