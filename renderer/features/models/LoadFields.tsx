/** The settings that a load depends on: context, cache type, vision, and behind a button all others. */
import { Collapsible } from '@base-ui/react/collapsible';
import { ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { longestContext } from '../../../shared/contextSteps.ts';
import type { Card } from '../../../shared/schemas/hardware.ts';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import type { Estimate, KvType, LoadSettings } from '../../../shared/schemas/memory.ts';
import { Select } from '../../ui/Select.tsx';
import { Switch } from '../../ui/Switch.tsx';
import { ContextSlider } from './ContextSlider.tsx';
import { MoreLoadFields } from './MoreLoadFields.tsx';

export interface LoadFieldsProps {
  value: LoadSettings;
  /** The model's own context, in tokens. */
  maxContext: number;
  /** The model takes pictures. */
  vision: boolean;
  /** Of one model, of all models, or only to see what a model would cost. */
  scope: 'model' | 'all' | 'price';
  /** The one that is to be loaded. */
  model?: LibraryModel | undefined;
  /** What is known of the model with these settings. */
  estimate?: Pick<Estimate, 'layers' | 'engine' | 'ropeWays'> | undefined;
  /** Of this computer. */
  cores?: number | undefined;
  /** Of this computer, where they are known. */
  cards?: readonly Card[] | undefined;
  /** What holds for all models, where these are the fields of one. */
  usual?: LoadSettings | undefined;
  onChange(value: LoadSettings): void;
}

/** The fields in one line that wraps, and the others below it. */
export function LoadFields(props: LoadFieldsProps) {
  const { value, maxContext, vision, estimate, onChange } = props;
  const { t } = useTranslation('discover');
  const kvTypes: KvType[] = ['f16', 'q8_0', 'q4_0'];
  return (
    <Collapsible.Root className="@container flex flex-wrap items-center gap-x-5 gap-y-2">
      <ContextSlider
        value={value.contextSize}
        own={maxContext}
        max={longestContext(maxContext, value, estimate?.ropeWays)}
        onChange={(contextSize) => onChange({ ...value, contextSize })}
      />
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
      <Collapsible.Panel className="w-full">
        <MoreLoadFields {...props} />
      </Collapsible.Panel>
    </Collapsible.Root>
  );
}
