/** One download: how far, how fast, how long, and what can be done with it. */
import { Pause, Play, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { DownloadJob } from '../../../shared/schemas/download.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { Progress } from '../../ui/Progress.tsx';
import { useRun } from '../../useRun.ts';
import { useModelActions } from '../models/useModelActions.ts';
import { Parts } from './Parts.tsx';
import { hostOf, rowFacts, rowStatus } from './rowStatus.ts';

/** The name that a person knows it by. */
export const nameOf = (job: DownloadJob): string => `${job.repo.split('/')[1] ?? job.repo} ${job.label}`;

/** The row's content; its height stays the same while numbers change. `handle` moves it. */
export function DownloadRow({ job, handle }: { job: DownloadJob; handle?: ReactNode }) {
  const { t } = useTranslation('downloads');
  const format = useFormat();
  const run = useRun();
  const { load } = useModelActions();
  const { downloads, library } = useStores();
  const [asking, setAsking] = useState(false);
  const owned = useStore(library, (state) => state.models?.find((model) => model.id === `${job.repo}/${job.quantization}`));
  const { pause, resume, cancel, dismiss } = downloads.getState();
  const name = nameOf(job);
  const { state } = job;
  const replaced = job.error?.code === 'download.changed';
  const share = (state === 'verifying' ? job.verified : job.received) / Math.max(1, job.size);

  return (
    <div className="flex min-w-0 flex-1 flex-col gap-2">
      <div className="flex items-center gap-3">
        {handle}
        <div className="min-w-0 flex-1">
          <p className="truncate font-medium" title={`${job.repo} ${job.label}`}>
            {name}
          </p>
          <p className="truncate text-xs text-text-2 tabular-nums">{[rowStatus(t, format, job), ...rowFacts(t, format, job)].join(' · ')}</p>
        </div>
        {(state === 'running' || state === 'queued') && <IconButton icon={Pause} label={t('pause', { name })} onClick={() => void run(pause(job.id))} />}
        {(state === 'paused' || state === 'failed') && !replaced && (
          <IconButton icon={Play} label={t('resume', { name })} onClick={() => void run(resume(job.id))} />
        )}
        {state === 'done' && owned && (
          <Button kind="primary" aria-label={t('loadNamed', { name })} onClick={() => void load(owned.id)}>
            {t('load')}
          </Button>
        )}
        {state === 'done' ? (
          <IconButton icon={X} label={t('dismiss', { name })} onClick={() => void run(dismiss(job.id))} />
        ) : (
          <IconButton icon={X} label={t('cancel', { name })} onClick={() => setAsking(true)} />
        )}
      </div>
      {state !== 'done' && <Progress label={t('progress', { name })} value={share} />}
      {state !== 'done' && job.files.length > 1 && <Parts job={job} />}
      <Trouble job={job} onRemove={() => setAsking(true)} />
      <Confirm
        open={asking}
        title={t('confirm.title')}
        text={t('confirm.text', { name, size: format.fileSize(job.received) })}
        action={t('confirm.action')}
        keep={t('confirm.keep')}
        onConfirm={() => void run(cancel(job.id))}
        onClose={() => setAsking(false)}
      />
    </div>
  );
}

/** Why it does not go on by itself, with what can be done about it. */
function Trouble({ job, onRemove }: { job: DownloadJob; onRemove(): void }) {
  const { t } = useTranslation('downloads');
  const sentence = useErrorSentence();
  const run = useRun();
  const { downloads, hub, ui } = useStores();
  const endpoint = useStore(hub, (state) => state.status?.endpoint);
  const { resume, renew } = downloads.getState();
  const { waiting, error } = job;

  if (waiting?.for === 'hub' && endpoint !== undefined) {
    const hosts = { host: hostOf(waiting.endpoint), other: hostOf(endpoint) };
    return (
      <div className="flex flex-wrap items-center gap-2 text-text-2">
        <p className="min-w-0 flex-1 basis-64 wrap-anywhere">{t('otherHub', hosts)}</p>
        <Button onClick={() => void run(resume(job.id, true))}>{t('continueHere', hosts)}</Button>
      </div>
    );
  }
  if (!error) return undefined;
  return (
    <Problem text={sentence(error)}>
      {error.code === 'download.changed' && (
        <>
          <Button onClick={() => void run(renew(job.id))}>{t('renew')}</Button>
          <Button onClick={onRemove}>{t('remove')}</Button>
        </>
      )}
      {(error.code === 'hub.gated' || error.code === 'hub.unauthorized') && (
        <Button onClick={() => ui.getState().go('settings', 'network')}>{t('tokenSettings')}</Button>
      )}
    </Problem>
  );
}
