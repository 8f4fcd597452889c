/** What is being downloaded, what waits, what stopped and why. */
import { ArrowDownToLine } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useErrorSentence } from '../../errorSentence.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Empty, Problem, Skeleton } from '../../ui/Notice.tsx';
import { Page } from '../../ui/Page.tsx';
import { DownloadRow } from './DownloadRow.tsx';

/** The list, newest first. */
export function DownloadsView() {
  const { t } = useTranslation('downloads');
  const sentence = useErrorSentence();
  const { downloads, ui } = useStores();
  const { jobs, error } = useStore(downloads);
  const sorted = jobs?.toSorted((left, right) => right.createdAt.localeCompare(left.createdAt));

  return (
    <Page title={t('title')}>
      {error && (
        <div className="p-6 pb-0">
          <Problem text={sentence(error)} />
        </div>
      )}
      {sorted?.length === 0 && (
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
      {sorted && sorted.length > 0 && (
        <ul aria-label={t('list')} className="max-w-240 px-6 py-2">
          {sorted.map((job) => (
            <DownloadRow key={job.id} job={job} />
          ))}
        </ul>
      )}
    </Page>
  );
}
