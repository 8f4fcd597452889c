/** How many downloads run at once, how fast, and when. */
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { DownloadSettings } from '../../../shared/schemas/settings.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Select } from '../../ui/Select.tsx';
import { Switch } from '../../ui/Switch.tsx';
import { useRun } from '../../useRun.ts';

/** Megabytes per second. */
const limits = [0, 1, 2, 5, 10, 20, 50, 100];

/** Changes are saved as they are made. */
export function Limits() {
  const { t } = useTranslation('downloads');
  const format = useFormat();
  const run = useRun();
  const { settings: store } = useStores();
  const downloads = useStore(store, (state) => state.settings.downloads);
  const { atOnce, bytesPerSecond, schedule } = downloads;
  const change = (patch: Partial<DownloadSettings>): void => void run(store.getState().change({ downloads: { ...downloads, ...patch } }));
  const rates = [...new Set([...limits.map((megabytes) => megabytes * 1e6), bytesPerSecond])].toSorted((left, right) => left - right);

  return (
    <>
      <Select
        label={t('atOnce')}
        showLabel
        value={String(atOnce)}
        options={[1, 2, 3, 4].map((n) => ({ value: String(n), label: n === 1 ? t('oneByOne') : format.count(n) }))}
        onChange={(n) => change({ atOnce: Number(n) })}
      />
      <Select
        label={t('limit')}
        showLabel
        value={String(bytesPerSecond)}
        options={rates.map((rate) => ({ value: String(rate), label: rate === 0 ? t('noLimit') : format.rate(rate) }))}
        onChange={(rate) => change({ bytesPerSecond: Number(rate) })}
      />
      <div className="flex h-7 items-center gap-2">
        <Switch label={t('schedule.on')} checked={schedule.on} onChange={(on) => change({ schedule: { ...schedule, on } })} />
        {schedule.on && (
          <>
            <Time label={t('schedule.from')} value={schedule.from} onChange={(from) => change({ schedule: { ...schedule, from } })} />
            <span aria-hidden>–</span>
            <Time label={t('schedule.to')} value={schedule.to} onChange={(to) => change({ schedule: { ...schedule, to } })} />
          </>
        )}
      </div>
    </>
  );
}

const clock = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/** A time of the day, in minutes after midnight. */
function Time({ label, value, onChange }: { label: string; value: number; onChange(minutes: number): void }) {
  return (
    <input
      type="time"
      aria-label={label}
      value={clock(value)}
      onChange={({ target }) => {
        // An emptied field is no time yet.
        const [hours, minutes] = target.value.split(':').map(Number);
        if (hours !== undefined && minutes !== undefined) onChange(hours * 60 + minutes);
      }}
      className="h-7 rounded-md border border-line-strong bg-surface-0 px-1.5 tabular-nums"
    />
  );
}
