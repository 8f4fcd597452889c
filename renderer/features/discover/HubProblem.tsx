/** A hub that did not answer as hoped: what happened, and the one thing that helps. */
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { AppError } from '../../../shared/result.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { useRun } from '../../useRun.ts';

/** The sentence with its buttons: try again; the sample hub where the hub is away; the model's page and the token where terms are to be accepted. */
export function HubProblem({ error, onRetry }: { error: AppError; onRetry(): void }) {
  const { t } = useTranslation(['discover', 'app']);
  const sentence = useErrorSentence();
  const run = useRun();
  const { hub, ui } = useStores();
  const sample = useStore(hub, (state) => state.status?.sample);
  const page = error.code === 'hub.gated' && typeof error.data?.url === 'string' && error.data.url.startsWith('https://') ? error.data.url : undefined;
  const away = ['hub.unreachable', 'hub.offline', 'hub.badAnswer'].includes(error.code);

  return (
    <Problem text={sentence(error)}>
      {page && (
        <a href={page} target="_blank" rel="noreferrer" className="font-medium text-accent underline">
          {t('openPage')}
        </a>
      )}
      {(error.code === 'hub.gated' || error.code === 'hub.unauthorized') && (
        <Button onClick={() => ui.getState().go('settings', 'network')}>{t('setToken')}</Button>
      )}
      <Button onClick={onRetry}>{t('app:action.retry')}</Button>
      {away && !sample && <Button onClick={() => void run(hub.getState().useSample(true))}>{t('sample.use')}</Button>}
    </Problem>
  );
}
