/** How many layers of a model lie on the GPU. */
import { useTranslation } from 'react-i18next';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { NumberField } from '../../ui/NumberField.tsx';
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
  return (
    <div className="flex flex-wrap items-start gap-2">
      <Select
        label={t('gpuLayers')}
        showLabel
        value={value === 'auto' ? 'auto' : 'number'}
        options={[
          { value: 'auto', label: t('layersAuto'), hint: t('layersAutoHint') },
          { value: 'number', label: t('layersNumber') },
        ]}
        onChange={(kind) => onChange(kind === 'auto' ? 'auto' : (total ?? 0))}
        disabled={total === undefined && value === 'auto'}
        className="w-32"
      />
      {value !== 'auto' && (
        <NumberField
          label={t('layersOnGpu')}
          layout="bare"
          placeholder={t('layersAuto')}
          value={value}
          min={0}
          max={total ?? 1000}
          unit={total === undefined ? undefined : t('layersOf', { total })}
          onChange={(layers) => onChange(layers ?? 'auto')}
        />
      )}
    </div>
  );
}
