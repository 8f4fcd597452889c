/** Numbers that say how words are drawn, each with where it comes from. */
import { useTranslation } from 'react-i18next';
import type { AnswerChoice } from '../../../../shared/answerChoice.ts';
import type { AnswerChange, AnswerSettings } from '../../../../shared/schemas/answer.ts';
import { type Sampling, samplingRanges } from '../../../../shared/schemas/sampling.ts';
import { useFormat } from '../../../i18n.ts';
import { classes } from '../../../ui/classes.ts';
import { NumberField } from '../../../ui/NumberField.tsx';
import { Select } from '../../../ui/Select.tsx';
import { Inherited } from './Inherited.tsx';

export interface AnswerFieldProps {
  /** What is set here. */
  own: AnswerSettings;
  /** What holds. */
  choice: AnswerChoice;
  /** What holds without `own`. */
  inherited: AnswerChoice;
  onChange(change: AnswerChange): void;
  /** For all chats: with what each means. */
  global?: boolean;
}

type NumberKey = Exclude<keyof Sampling, 'maxTokens'>;
const steps: Record<NumberKey, number> = { temperature: 0.05, topK: 1, topP: 0.01, minP: 0.01, repeatPenalty: 0.01, presencePenalty: 0.1, seed: 1 };

/** No model's metadata has these two. */
const unset = (name: NumberKey): 'unset' | undefined => (name === 'seed' || name === 'presencePenalty' ? undefined : 'unset');

/** Those of `fields`, as many beside each other as there is room. */
export function SamplingFields({ fields, ...props }: AnswerFieldProps & { fields: readonly NumberKey[] }) {
  return (
    <div
      className={classes(
        'grid gap-x-4',
        props.global ? 'gap-y-3' : 'gap-y-2',
        fields.length > 1 && (props.global ? 'grid-cols-[repeat(auto-fill,minmax(15rem,1fr))]' : 'grid-cols-[repeat(auto-fill,minmax(9rem,1fr))]'),
      )}
    >
      {fields.map((name) => (
        <SamplingField key={name} name={name} {...props} />
      ))}
    </div>
  );
}

function SamplingField({ name, own, choice, inherited, onChange, global = false }: AnswerFieldProps & { name: NumberKey }) {
  const { t } = useTranslation('answers');
  const { locale } = useFormat();
  const words = (value: number): string => (name === 'seed' && value < 0 ? t('anySeed') : value.toLocaleString(locale, { maximumFractionDigits: 3 }));
  const label = t(`name.${name}`);
  const usual = words(inherited.settings[name]);
  const from = choice.from[name];
  return (
    <NumberField
      label={label}
      layout="above"
      placeholder={usual}
      value={choice.settings[name]}
      {...samplingRanges[name]}
      step={steps[name]}
      hint={t(`hint.${name}`)}
      hideHint={!global}
      onChange={(value) => onChange(value === undefined ? { set: {}, inherit: [name] } : { set: { [name]: value } })}
      below={(id) => (
        <Inherited
          id={id}
          name={label}
          from={global && from === 'engine' ? unset(name) : from}
          back={own[name] === undefined ? undefined : usual}
          onBack={() => onChange({ set: {}, inherit: [name] })}
        />
      )}
    />
  );
}

/** Tokens that an answer may have, to choose from; 0: no limit. */
const lengths = [0, 256, 1_024, 4_096, 16_384];

/** How long an answer may be. */
export function LengthField({ own, choice, inherited, onChange, global = false }: AnswerFieldProps) {
  const { t } = useTranslation('answers');
  const format = useFormat();
  const now = choice.settings.maxTokens;
  const words = (tokens: number): string => (tokens === 0 ? t('noMaxTokens') : t('tokens', { count: tokens, n: format.count(tokens) }));
  return (
    <div className="flex flex-wrap items-center gap-x-3">
      <Select
        label={t('name.maxTokens')}
        showLabel
        value={String(now)}
        options={[...new Set([...lengths, now])].map((tokens) => ({ value: String(tokens), label: words(tokens) }))}
        onChange={(tokens) => onChange({ set: { maxTokens: Number(tokens) } })}
        className="w-60 whitespace-nowrap"
      />
      <Inherited
        name={t('name.maxTokens')}
        from={global ? undefined : choice.from.maxTokens}
        back={own.maxTokens === undefined ? undefined : words(inherited.settings.maxTokens)}
        onBack={() => onChange({ set: {}, inherit: ['maxTokens'] })}
      />
    </div>
  );
}
