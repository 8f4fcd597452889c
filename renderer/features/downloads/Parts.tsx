/** The files inside a download. */
import { useTranslation } from 'react-i18next';
import type { DownloadJob } from '../../../shared/schemas/download.ts';
import { useFormat } from '../../i18n.ts';

/** Closed until somebody asks. */
export function Parts({ job }: { job: DownloadJob }) {
  const { t } = useTranslation('downloads');
  const format = useFormat();
  return (
    <details className="text-xs text-text-2">
      <summary className="w-fit rounded-sm select-none hover:text-text-1">{t('files', { count: job.files.length, n: format.count(job.files.length) })}</summary>
      <ul className="flex flex-col gap-0.5 pt-1 pl-3.5">
        {job.files.map(({ path, size, received }) => (
          <li key={path} className="flex gap-3">
            <span className="min-w-0 truncate" title={path}>
              {path}
            </span>
            <span className="ml-auto shrink-0 tabular-nums">
              {received >= size ? format.fileSize(size) : t('of', { received: format.fileSize(received), size: format.fileSize(size) })}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
