/** What a model is computed with. */
import { useTranslation } from 'react-i18next';
import type { EngineChoice } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { NumberField } from '../../ui/NumberField.tsx';
import { Select } from '../../ui/Select.tsx';
import type { GroupProps } from './MoreLoadFields.tsx';
import { Speculation } from './Speculation.tsx';

export function SpeedFields(props: GroupProps) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const { value, scope, model, cores, set } = props;
  return (
    <>
      <EngineField {...props} />
      {scope !== 'price' && (
        <NumberField
          label={t('threads')}
          placeholder={t('threadsAuto')}
          hint={cores === undefined ? t('threadsHint') : t('threadsHintOf', { count: cores, n: format.count(cores) })}
          value={value.threads === 'auto' ? undefined : value.threads}
          min={1}
          max={cores ?? 1024}
          onChange={(threads) => set('threads', threads)}
        />
      )}
      {model && <Speculation {...props} model={model} />}
    </>
  );
}

/** Which engine runs it without pictures; with them there is one that can. */
function EngineField({ value, vision, set }: GroupProps) {
  const { t } = useTranslation('discover');
  const seeing = vision && value.vision;
  const choices: EngineChoice[] = ['auto', 'llama-server', 'node-llama-cpp'];
  return (
    <Select
      label={t('engine')}
      showLabel
      value={seeing ? 'llama-server' : (value.engine ?? 'auto')}
      options={choices.map((engine) => ({ value: engine, label: t(`engines.${engine}`), hint: t(`engineHint.${engine}`) }))}
      onChange={(engine) => set('engine', engine)}
      disabled={seeing}
      className="w-40"
    />
  );
}
