/** How a model keeps more in mind than it was made for. */
import { useTranslation } from 'react-i18next';
import { longestContext } from '../../../shared/contextSteps.ts';
import { withSetting } from '../../../shared/loadChoice.ts';
import { useFormat } from '../../i18n.ts';
import { NumberField } from '../../ui/NumberField.tsx';
import { Select } from '../../ui/Select.tsx';
import { type GroupProps, Hinted } from './MoreLoadFields.tsx';

export function ContextFields({ value, maxContext, scope, estimate, set, onChange }: GroupProps) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const ways = estimate?.ropeWays ?? [];
  const scaling = ways.find((way) => way === value.ropeScaling) ?? 'none';
  const own = { n: format.count(maxContext) };
  const hint = (): string => {
    if (!estimate) return t('stretchUnknown');
    if (ways.length === 0) return t('stretchNever', own);
    return scaling === 'none' ? t('stretchOff', own) : t('stretchOn', own);
  };
  return (
    <>
      <Hinted hint={hint()}>
        <Select
          label={t('stretch')}
          showLabel
          value={scaling}
          options={(['none', ...ways] as const).map((way) => ({ value: way, label: t(`stretchBy.${way}`), hint: t(`stretchByHint.${way}`) }))}
          onChange={(ropeScaling) => {
            const contextSize = Math.min(value.contextSize, longestContext(maxContext, { ropeScaling }, ways));
            onChange(withSetting({ ...value, contextSize }, 'ropeScaling', ropeScaling));
          }}
          disabled={ways.length === 0}
          className="w-40"
        />
      </Hinted>
      {scope === 'price' && scaling !== 'none' && <p className="w-full text-xs text-text-2">{hint()}</p>}
      {scope === 'model' && (
        <NumberField
          label={t('ropeBase')}
          placeholder={t('ropeBaseOwn')}
          hint={t('ropeBaseHint')}
          value={value.ropeFreqBase}
          min={1}
          max={1e12}
          step="any"
          onChange={(base) => set('ropeFreqBase', base)}
        />
      )}
    </>
  );
}
