/** One download: how far, how fast, how long, and what can be done with it. */
import { Pause, Play, X } from 'lucide-react';
import { useState } from 'react';
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

/** The row; its height stays the same while numbers change. */
export function DownloadRow({ job }: { job: DownloadJob }) {
  const { t } = useTranslation('downloads');
  const format = useFormat();
  const sentence = useErrorSentence();
  const run = useRun();
  const { downloads, library, engine } = useStores();
  const [asking, setAsking] = useState(false);
  const owned = useStore(library, (state) => state.models?.find((model) => model.id === `${job.repo}/${job.quantization}`));
  const { pause, resume, cancel, dismiss } = downloads.getState();
  const name = `${job.repo.split('/')[1] ?? job.repo} ${job.label}`;
  const { state } = job;
  const share = (state === 'verifying' ? job.verified : job.received) / Math.max(1, job.size);
  const sizes = { received: format.fileSize(state === 'verifying' ? job.verified : job.received), size: format.fileSize(job.size) };
  const facts = [
    state === 'done' ? format.fileSize(job.size) : t('of', sizes),
    job.files.length > 1 && t('files', { count: job.files.length, n: format.count(job.files.length) }),
    state === 'running' && format.rate(job.rate),
    state === 'running' && job.secondsLeft !== null && t('left', { time: format.duration(Math.max(1, job.secondsLeft) * 1000) }),
  ].filter((fact) => typeof fact === 'string');

  return (
    <li className="flex flex-col gap-2 border-b border-line py-3">
      <div className="flex items-center gap-3">
        <div className="min-w-0 flex-1">
          <p className="truncate font-medium" title={`${job.repo} ${job.label}`}>
            {name}
          </p>
          <p className="truncate text-xs text-text-2 tabular-nums">
            {t(`state.${state}`)} · {facts.join(' · ')}
          </p>
        </div>
        {(state === 'running' || state === 'queued') && <IconButton icon={Pause} label={t('pause', { name })} onClick={() => void run(pause(job.id))} />}
        {(state === 'paused' || state === 'failed') && <IconButton icon={Play} label={t('resume', { name })} onClick={() => void run(resume(job.id))} />}
        {state === 'done' && owned && (
          <Button kind="primary" aria-label={t('loadNamed', { name })} onClick={() => void run(engine.getState().load(owned.id))}>
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
      {job.error && <Problem text={sentence(job.error)} />}
      <Confirm
        open={asking}
        title={t('confirm.title')}
        text={t('confirm.text', { name, size: format.fileSize(job.received) })}
        action={t('confirm.action')}
        keep={t('confirm.keep')}
        onConfirm={() => void run(cancel(job.id))}
        onClose={() => setAsking(false)}
      />
    </li>
  );
}
