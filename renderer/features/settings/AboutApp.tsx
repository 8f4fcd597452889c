/** The app itself: version, folders, where models come from. */
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { Core } from '../../../shared/contract/core.ts';
import type { AppError } from '../../../shared/result.ts';
import type { Output } from '../../../shared/rpc/define.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useStores } from '../../stores/index.ts';
import { Facts } from '../../ui/Facts.tsx';
import { Problem, Skeleton } from '../../ui/Notice.tsx';

/** The facts; they do not change while the app runs. */
export function AboutApp() {
  const { t } = useTranslation('settings');
  const sentence = useErrorSentence();
  const { client, hub } = useStores();
  const status = useStore(hub, (state) => state.status);
  const [info, setInfo] = useState<Output<Core['app.info']>>();
  const [error, setError] = useState<AppError>();

  useEffect(() => {
    const abort = new AbortController();
    void client.call('app.info', undefined, { signal: abort.signal }).then((answer) => {
      if (abort.signal.aborted) return;
      if (answer.ok) setInfo(answer.value);
      else setError(answer.error);
    });
    return () => abort.abort();
  }, [client]);

  if (error) return <Problem text={sentence(error)} />;
  if (!info) return <Skeleton className="h-24" />;
  return (
    <Facts
      facts={[
        [t('version'), `${info.version} (${t(`shell.${info.shell}`)})`],
        [t('dataFolder'), info.dataFolder],
        [t('modelsFolder'), info.modelsFolder],
        ...(status ? [[t('hub'), status.endpoint] as const] : []),
      ]}
    />
  );
}
