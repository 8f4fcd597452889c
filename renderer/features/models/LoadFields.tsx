/** The settings that a load depends on: context, cache type, vision, and behind a button flash attention and layers. */
import { Collapsible } from '@base-ui/react/collapsible';
import { Slider } from '@base-ui/react/slider';
import { ChevronRight } from 'lucide-react';
import { useId, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { contextSteps, nearestStep } from '../../../shared/contextSteps.ts';
import { type EngineChoice, imageTokenCap, type KvType, type LoadSettings } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { Select } from '../../ui/Select.tsx';
import { Switch } from '../../ui/Switch.tsx';

interface Props {
  value: LoadSettings;
  /** The model's own context, in tokens. */
  maxContext: number;
  /** The model takes pictures. */
  vision: boolean;
  /** How many layers it has, the output layer included, where that is known. */
  layers?: number | undefined;
  onChange(value: LoadSettings): void;
}

/** The fields in one line that wraps. */
export function LoadFields({ value, maxContext, vision, layers, onChange }: Props) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const steps = useMemo(() => contextSteps(maxContext), [maxContext]);
  const tokens = (index: number): string => t('tokens', { n: format.count(steps[index] ?? 256) });
  const kvTypes: KvType[] = ['f16', 'q8_0', 'q4_0'];

  return (
    <Collapsible.Root className="flex flex-wrap items-center gap-x-5 gap-y-2">
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
      <Collapsible.Trigger className="group flex h-7 items-center gap-1 rounded-md text-text-2 select-none hover:text-text-1">
        <ChevronRight aria-hidden size={14} className="transition-transform group-data-panel-open:rotate-90" />
        {t('moreSettings')}
      </Collapsible.Trigger>
      <Collapsible.Panel className="flex w-full flex-wrap items-center gap-x-5 gap-y-2">
        <Switch label={t('flashAttention')} checked={value.flashAttention} onChange={(on) => onChange({ ...value, flashAttention: on })} />
        <EngineField value={value} seeing={vision && value.vision} onChange={onChange} />
        {vision && <PictureTokens value={value} onChange={onChange} />}
        <GpuLayers value={value.gpuLayers} total={layers} onChange={(gpuLayers) => onChange({ ...value, gpuLayers })} />
      </Collapsible.Panel>
    </Collapsible.Root>
  );
}

/** Which engine runs it without pictures; with them there is one that can. */
function EngineField({ value, seeing, onChange }: Pick<Props, 'value' | 'onChange'> & { seeing: boolean }) {
  const { t } = useTranslation('discover');
  const choices: EngineChoice[] = ['auto', 'llama-server', 'node-llama-cpp'];
  return (
    <Select
      label={t('engine')}
      showLabel
      value={seeing ? 'llama-server' : (value.engine ?? 'auto')}
      options={choices.map((engine) => ({ value: engine, label: t(`engines.${engine}`), hint: t(`engineHint.${engine}`) }))}
      onChange={(engine) => onChange({ ...value, engine })}
      disabled={seeing}
      className="w-40"
    />
  );
}

/** What one picture may cost, of the context and of memory: the smaller, the less of it is seen. */
function PictureTokens({ value, onChange }: Pick<Props, 'value' | 'onChange'>) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const { imageTokens, ...others } = value;
  const usual = String(imageTokenCap);
  const choices = [...new Set([256, 512, imageTokenCap, 2048, 4096, imageTokens ?? imageTokenCap])].toSorted((a, b) => a - b);
  return (
    <Select
      label={t('pictures')}
      showLabel
      value={String(imageTokens ?? usual)}
      options={choices.map((tokens) => ({ value: String(tokens), label: t('picturesUpTo', { n: format.count(tokens) }), hint: pictureHint(tokens) }))}
      onChange={(tokens) => onChange(tokens === usual ? others : { ...others, imageTokens: Number(tokens) })}
      disabled={!value.vision}
      className="w-52"
    />
  );

  function pictureHint(tokens: number): string | undefined {
    if (tokens === choices[0]) return t('picturesFewest');
    return tokens === choices.at(-1) ? t('picturesMost') : undefined;
  }
}

/** As many layers on the GPU as fit, or a number of them. */
function GpuLayers({
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
