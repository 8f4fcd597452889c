/** The settings that a load depends on: context, cache type, vision. */
import { Slider } from '@base-ui/react/slider';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { KvType, LoadSettings } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { Select } from '../../ui/Select.tsx';
import { Switch } from '../../ui/Switch.tsx';
import { contextSteps, nearestStep } from './contextSteps.ts';

interface Props {
  value: LoadSettings;
  /** The model's own context, in tokens. */
  maxContext: number;
  /** The model takes pictures. */
  vision: boolean;
  onChange(value: LoadSettings): void;
}

/** The fields in one line that wraps. */
export function LoadFields({ value, maxContext, vision, onChange }: Props) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const steps = useMemo(() => contextSteps(maxContext), [maxContext]);
  const tokens = (index: number): string => t('tokens', { n: format.count(steps[index] ?? 256) });
  const kvTypes: KvType[] = ['f16', 'q8_0', 'q4_0'];

  return (
    <div className="flex flex-wrap items-center gap-x-5 gap-y-2">
      <Slider.Root
        value={nearestStep(steps, value.contextSize)}
        min={0}
        max={steps.length - 1}
        step={1}
        largeStep={4}
        onValueChange={(index) => onChange({ ...value, contextSize: steps[index] ?? value.contextSize })}
        className="flex min-w-80 flex-1 items-center gap-3"
      >
        <Slider.Label className="text-text-2">{t('contextSize')}</Slider.Label>
        <Slider.Control className="flex h-7 flex-1 touch-none items-center select-none">
          <Slider.Track className="h-1 w-full rounded-full bg-line-strong">
            <Slider.Indicator className="rounded-full bg-accent" />
            <Slider.Thumb
              getAriaLabel={() => t('contextSize')}
              getAriaValueText={(_, index) => tokens(index)}
              className="size-4 rounded-full border-2 border-accent bg-surface-0 has-focus-visible:outline-2 has-focus-visible:outline-offset-1 has-focus-visible:outline-accent"
            />
          </Slider.Track>
        </Slider.Control>
        <output className="w-28 text-right tabular-nums">{tokens(nearestStep(steps, value.contextSize))}</output>
      </Slider.Root>
      <Select
        label={t('kv')}
        showLabel
        value={value.kvType}
        options={kvTypes.map((kv) => ({ value: kv, label: kv, hint: t(`kvHint.${kv}`) }))}
        onChange={(kvType) => onChange({ ...value, kvType })}
        className="w-20"
      />
      {vision && <Switch label={t('vision')} checked={value.vision} onChange={(on) => onChange({ ...value, vision: on })} />}
    </div>
  );
}
