/** What a download does now, in words. */
import type { TFunction } from 'i18next';
import type { Format } from '../../../shared/format.ts';
import type { DownloadJob } from '../../../shared/schemas/download.ts';

/** The host of a hub's address. */
export const hostOf = (endpoint: string): string => endpoint.replace(/^https?:\/\//, '');

/** It goes on once there is room on the disk. */
const waitsForRoom = (job: DownloadJob): boolean => job.error?.code === 'download.diskLow' || job.error?.code === 'download.diskFull';

/** The state, with what it waits for. */
export function rowStatus(t: TFunction<'downloads'>, format: Format, job: DownloadJob): string {
  const { state, waiting, reconnecting, rate } = job;
  if (state === 'running' && rate === 0) return reconnecting > 0 ? t('reconnecting', { n: format.count(reconnecting) }) : t('waiting.server');
  if (waitsForRoom(job)) return t('waiting.room');
  if (state !== 'queued' || !waiting) return t(`state.${state}`);
  switch (waiting.for) {
    case 'schedule':
      return t('waiting.schedule', { time: new Intl.DateTimeFormat(format.locale, { timeStyle: 'short' }).format(new Date(waiting.until)) });
    case 'hub':
      return t('waiting.hub', { host: hostOf(waiting.endpoint) });
    case 'file':
      return t('waiting.file', { file: waiting.path.split('/').at(-1) });
    case 'move':
      return t('waiting.move');
  }
}

/** How far, how fast and how long, as far as it can be told. */
export function rowFacts(t: TFunction<'downloads'>, format: Format, job: DownloadJob): string[] {
  const { state, size, rate, secondsLeft } = job;
  if (state === 'done') return [format.fileSize(size)];
  const facts = [t('of', { received: format.fileSize(state === 'verifying' ? job.verified : job.received), size: format.fileSize(size) })];
  if (state === 'running') facts.push(format.rate(rate));
  if (state === 'running' && secondsLeft !== null) facts.push(t('left', { time: format.duration(Math.max(1, secondsLeft) * 1000) }));
  return facts;
}
