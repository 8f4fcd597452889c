/** The hours of the day in which downloads run. */
import type { DownloadSettings } from '../../shared/schemas/settings.ts';

/** When downloads may run next, by the clock on the wall; undefined: now. */
export function opensAt({ on, from, to }: DownloadSettings['schedule'], now: Date): Date | undefined {
  const minute = now.getHours() * 60 + now.getMinutes();
  const open = from < to ? minute >= from && minute < to : minute >= from || minute < to;
  if (!on || from === to || open) return undefined;
  // By its parts, not by adding 24 h: a day on which the clocks change has another length.
  const opening = new Date(now.getFullYear(), now.getMonth(), now.getDate(), Math.floor(from / 60), from % 60);
  if (opening <= now) opening.setDate(opening.getDate() + 1);
  return opening;
}
