/** The downloads that have not ended, in the order in which they run. */
import { type DragEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DownloadJob } from '../../../shared/schemas/download.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { classes } from '../../ui/classes.ts';
import { useRun } from '../../useRun.ts';
import { DownloadRow, nameOf } from './DownloadRow.tsx';
import { dragType, MoveHandle } from './MoveHandle.tsx';

/** The list; its rows are dragged, or moved with the arrow keys. */
export function Queue({ jobs }: { jobs: DownloadJob[] }) {
  const { t } = useTranslation('downloads');
  const format = useFormat();
  const run = useRun();
  const { downloads } = useStores();
  const [over, setOver] = useState<{ id: string; below: boolean }>();
  const [said, setSaid] = useState('');

  const move = async (job: DownloadJob, place: number): Promise<void> => {
    const others = jobs.filter(({ id }) => id !== job.id);
    const at = Math.max(0, Math.min(others.length, place));
    if (jobs[at]?.id === job.id) return;
    if (await run(downloads.getState().move(job.id, others[at]?.id ?? null)))
      setSaid(t('moved', { name: nameOf(job), n: format.count(at + 1), of: format.count(jobs.length) }));
  };
  const isBelow = (event: DragEvent): boolean => {
    const { top, height } = event.currentTarget.getBoundingClientRect();
    return event.clientY > top + height / 2;
  };
  const drop = (event: DragEvent, target: DownloadJob): void => {
    event.preventDefault();
    setOver(undefined);
    const dragged = jobs.find(({ id }) => id === event.dataTransfer.getData(dragType));
    if (!dragged || dragged.id === target.id) return;
    const others = jobs.filter((job) => job !== dragged);
    void move(dragged, others.indexOf(target) + (isBelow(event) ? 1 : 0));
  };

  return (
    <>
      <ol aria-label={t('list')}>
        {jobs.map((job, index) => (
          <li
            key={job.id}
            onDragOver={(event) => {
              if (!event.dataTransfer.types.includes(dragType)) return;
              event.preventDefault();
              setOver({ id: job.id, below: isBelow(event) });
            }}
            onDragLeave={() => setOver(undefined)}
            onDrop={(event) => drop(event, job)}
            className={classes(
              'flex border-y border-t-transparent border-b-line py-3',
              over?.id === job.id && (over.below ? 'border-b-accent!' : 'border-t-accent!'),
            )}
          >
            <DownloadRow
              job={job}
              handle={jobs.length > 1 && <MoveHandle id={job.id} name={nameOf(job)} index={index} onMove={(by) => void move(job, index + by)} />}
            />
          </li>
        ))}
      </ol>
      <p role="status" aria-label={t('moving')} className="sr-only">
        {said}
      </p>
    </>
  );
}
