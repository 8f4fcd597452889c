/** How much a model can keep in mind at once, in tokens. */
import { Slider } from '@base-ui/react/slider';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { contextSteps, nearestStep } from '../../../shared/contextSteps.ts';
import { useFormat } from '../../i18n.ts';
import { classes } from '../../ui/classes.ts';

interface Props {
  value: number;
  /** What the model was made for. */
  own: number;
  /** What can be chosen, at most. */
  max: number;
  onChange(value: number): void;
}

/** The slider; a number beyond the model's own context is told apart. */
export function ContextSlider({ value, own, max, onChange }: Props) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const steps = useMemo(() => contextSteps(max), [max]);
  const at = nearestStep(steps, value);
  const words = (index: number): string => {
    const size = steps[index] ?? 256;
    return t(size > own ? 'tokensBeyond' : 'tokens', { n: format.count(size), times: format.count(Math.ceil((size / own) * 4) / 4) });
  };
  return (
    <Slider.Root
      value={at}
      min={0}
      max={steps.length - 1}
      step={1}
      largeStep={4}
      onValueChange={(index) => onChange(steps[index] ?? value)}
      className="flex min-w-80 flex-1 items-center gap-3"
    >
      <Slider.Label className="text-text-2">{t('contextSize')}</Slider.Label>
      <Slider.Control className="flex h-7 flex-1 touch-none items-center select-none">
        <Slider.Track className="h-1 w-full rounded-full bg-line-strong">
          <Slider.Indicator className="rounded-full bg-accent" />
          <Slider.Thumb
            getAriaLabel={() => t('contextSize')}
            getAriaValueText={(_, index) => words(index)}
            className="size-4 rounded-full border-2 border-accent bg-surface-0 has-focus-visible:outline-2 has-focus-visible:outline-offset-1 has-focus-visible:outline-accent"
          />
        </Slider.Track>
      </Slider.Control>
      <output className={classes('text-right whitespace-nowrap tabular-nums', max > own ? 'w-40' : 'w-28')}>{words(at)}</output>
    </Slider.Root>
  );
}
