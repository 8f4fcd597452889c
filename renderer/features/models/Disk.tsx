/** Bytes on the disk by what they are for, and a button where some can go. */
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { AppError } from '../../../shared/result.ts';
import type { Storage, StorageKind } from '../../../shared/schemas/library.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Problem, Skeleton } from '../../ui/Notice.tsx';
import { useRun } from '../../useRun.ts';

/** Read again whenever the library changes. */
export function Disk() {
  const { t } = useTranslation('models');
  const format = useFormat();
  const sentence = useErrorSentence();
  const run = useRun();
  const { library } = useStores();
  const models = useStore(library, (state) => state.models);
  const bin = useStore(library, (state) => state.bin);
  const [storage, setStorage] = useState<Storage>();
  const [error, setError] = useState<AppError>();
  const [asking, setAsking] = useState<StorageKind>();

  const read = useCallback(async (): Promise<void> => {
    const answer = await library.getState().storage();
    if (answer.ok) setStorage(answer.value);
    setError(answer.ok ? undefined : answer.error);
  }, [library]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what it reads changes with these.
  useEffect(() => void read(), [read, models, bin]);
  const reclaim = async (kind: StorageKind): Promise<void> => {
    await run(library.getState().reclaim(kind));
    await read();
  };

  if (error) return <Problem text={sentence(error)} />;
  if (!storage) return <Skeleton className="h-40" />;
  return (
    <>
      <ul aria-label={t('storage.disk')} className="flex flex-col">
        {storage.kinds.map(({ kind, size, reclaimable }) => (
          <li key={kind} className="flex min-h-9 items-center gap-3 border-b border-line py-1 last:border-b-0">
            <span className="min-w-0 flex-1">
              {t(`storage.kinds.${kind}`)}
              <span className="block text-xs text-text-2">{t(`storage.hints.${kind}`)}</span>
            </span>
            <span className="w-20 shrink-0 text-right tabular-nums">{format.fileSize(size)}</span>
            <span className="flex w-36 shrink-0 justify-end">
              {reclaimable > 0 && (
                <Button
                  aria-label={t('storage.reclaimNamed', { size: format.fileSize(reclaimable), kind: t(`storage.kinds.${kind}`) })}
                  onClick={() => setAsking(kind)}
                >
                  {t('storage.reclaim', { size: format.fileSize(reclaimable) })}
                </Button>
              )}
            </span>
          </li>
        ))}
      </ul>
      {storage.free !== null && <p className="text-text-2">{t('storage.free', { size: format.fileSize(storage.free) })}</p>}
      {asking && (
        <Confirm
          open
          title={t('storage.reclaimTitle', { kind: t(`storage.kinds.${asking}`) })}
          text={t(`storage.warnings.${warningOf(asking)}`)}
          action={t('storage.confirm')}
          onConfirm={() => void reclaim(asking)}
          onClose={() => setAsking(undefined)}
        />
      )}
    </>
  );
}

/** What is said before something goes. */
function warningOf(kind: StorageKind): 'bin' | 'partial' | 'states' | 'deleted' | 'headers' {
  if (kind === 'chats' || kind === 'images') return 'deleted';
  return kind === 'bin' || kind === 'partial' || kind === 'states' ? kind : 'headers';
}
