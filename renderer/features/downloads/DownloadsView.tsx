/** What is being downloaded, what waits, what stopped and why. */
import { ArrowDownToLine, Pause, Play } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Empty, Problem, Skeleton } from '../../ui/Notice.tsx';
import { Page } from '../../ui/Page.tsx';
import { useRun } from '../../useRun.ts';
import { DownloadRow } from './DownloadRow.tsx';
import { Limits } from './Limits.tsx';
import { Queue } from './Queue.tsx';

/** What runs and waits in its order, then what has ended, newest first. */
export function DownloadsView() {
  const { t } = useTranslation('downloads');
  const format = useFormat();
  const sentence = useErrorSentence();
  const run = useRun();
  const { downloads, ui } = useStores();
  const { jobs, error } = useStore(downloads);
  const { pauseAll, resumeAll } = downloads.getState();
  const open = jobs?.filter(({ state }) => state !== 'done') ?? [];
  const done = (jobs?.filter(({ state }) => state === 'done') ?? []).toSorted((left, right) => right.createdAt.localeCompare(left.createdAt));
  const active = open.filter(({ state }) => state === 'queued' || state === 'running' || state === 'verifying');
  const stopped = open.filter(({ state, error: why }) => state === 'paused' || (state === 'failed' && why?.code !== 'download.changed'));
  const rate = active.reduce((sum, job) => sum + job.rate, 0);

  return (
    <Page title={t('title')} note={rate > 0 ? format.rate(rate) : undefined}>
      {error && (
        <div className="p-6 pb-0">
          <Problem text={sentence(error)} />
        </div>
      )}
      {jobs?.length === 0 && (
        <Empty icon={ArrowDownToLine} title={t('empty.title')} text={t('empty.text')}>
          <Button kind="primary" onClick={() => ui.getState().go('discover')}>
            {t('empty.action')}
          </Button>
        </Empty>
      )}
      {!jobs && !error && (
        <div className="flex flex-col gap-3 p-6" aria-busy>
          <Skeleton className="h-14" />
          <Skeleton className="h-14" />
        </div>
      )}
      {jobs && jobs.length > 0 && (
        <div className="max-w-240 px-6 py-3">
          <div role="toolbar" aria-label={t('controls')} className="flex flex-wrap items-center gap-x-4 gap-y-2 pb-2">
            <Button icon={Pause} disabled={active.length === 0} onClick={() => void run(pauseAll())}>
              {t('pauseAll')}
            </Button>
            <Button icon={Play} disabled={stopped.length === 0} onClick={() => void run(resumeAll())}>
              {t('resumeAll')}
            </Button>
            <Limits />
          </div>
          {open.length > 0 && <Queue jobs={open} />}
          {done.length > 0 && (
            <section aria-labelledby="downloads-done">
              <h2 id="downloads-done" className="pt-5 font-semibold">
                {t('doneList')}
              </h2>
              <ul aria-labelledby="downloads-done">
                {done.map((job) => (
                  <li key={job.id} className="flex border-b border-line py-3">
                    <DownloadRow job={job} />
                  </li>
                ))}
              </ul>
            </section>
          )}
        </div>
      )}
    </Page>
  );
}
