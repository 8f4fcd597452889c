/** How many layers of a model lie on the GPU. */
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { Select } from '../../ui/Select.tsx';

/** As many layers on the GPU as fit, or a number of them. */
export function GpuLayers({
  value,
  total,
  onChange,
}: {
  value: LoadSettings['gpuLayers'];
  total: number | undefined;
  onChange(value: LoadSettings['gpuLayers']): void;
}) {
  const { t } = useTranslation('discover');
  const id = useId();
  const chosen = value !== 'auto';
  return (
    <span className="flex items-center gap-2">
      <Select
        label={t('gpuLayers')}
        showLabel
        value={chosen ? 'number' : 'auto'}
        options={[
          { value: 'auto', label: t('layersAuto'), hint: t('layersAutoHint') },
          { value: 'number', label: t('layersNumber') },
        ]}
        onChange={(kind) => onChange(kind === 'auto' ? 'auto' : (total ?? 0))}
        disabled={total === undefined && !chosen}
        className="w-32"
      />
      {chosen && (
        <>
          <label htmlFor={id} className="sr-only">
            {t('layersOnGpu')}
          </label>
          <input
            id={id}
            type="number"
            min={0}
            max={total}
            // Not controlled: while it is being typed it may be empty.
            defaultValue={value}
            onChange={({ target }) => {
              if (Number.isInteger(target.valueAsNumber) && target.valueAsNumber >= 0) onChange(Math.min(target.valueAsNumber, total ?? target.valueAsNumber));
            }}
            className="h-7 w-18 rounded-md border border-line-strong bg-surface-0 px-2 tabular-nums"
          />
          {total !== undefined && <span className="text-text-2 tabular-nums">{t('layersOf', { total })}</span>}
        </>
      )}
    </span>
  );
}
