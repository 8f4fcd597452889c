/** Numbers that say how words are drawn, each with where it comes from. */
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { AnswerChoice } from '../../../../shared/answerChoice.ts';
import type { AnswerChange, AnswerSettings } from '../../../../shared/schemas/answer.ts';
import { type Sampling, samplingRanges } from '../../../../shared/schemas/sampling.ts';
import { useFormat } from '../../../i18n.ts';
import { classes } from '../../../ui/classes.ts';
import { Select } from '../../../ui/Select.tsx';
import { Inherited } from './Inherited.tsx';
import { useTyped } from './useTyped.ts';

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
        <NumberField key={name} name={name} {...props} />
      ))}
    </div>
  );
}

function NumberField({ name, own, choice, inherited, onChange, global = false }: AnswerFieldProps & { name: NumberKey }) {
  const { t } = useTranslation('answers');
  const { locale } = useFormat();
  const id = useId();
  const { min, max } = samplingRanges[name];
  const whole = Number.isInteger(steps[name]);
  const allowed = (text: string): boolean => {
    const value = Number(text);
    return text.trim() !== '' && value >= min && value <= max && (!whole || Number.isInteger(value));
  };
  const { text, type, done } = useTyped(String(choice.settings[name]), (typed) => {
    if (allowed(typed)) onChange({ set: { [name]: Number(typed) } });
  });
  const words = (value: number): string => (name === 'seed' && value < 0 ? t('anySeed') : value.toLocaleString(locale, { maximumFractionDigits: 3 }));
  const wrong = !allowed(text);
  const from = choice.from[name];
  return (
    <div className="flex min-w-0 flex-col gap-0.5">
      <label htmlFor={id} className="text-text-2">
        {t(`name.${name}`)}
      </label>
      <input
        id={id}
        type="number"
        min={min}
        max={max}
        step={steps[name]}
        value={text}
        onChange={({ target }) => type(target.value)}
        onBlur={done}
        onKeyDown={({ key }) => key === 'Enter' && done()}
        aria-invalid={wrong}
        aria-describedby={`${id}-from ${id}-hint`}
        className="h-7 w-28 rounded-md border border-line-strong bg-surface-0 px-2 tabular-nums aria-invalid:border-too-large"
      />
      {wrong ? (
        <span id={`${id}-from`} role="alert" className="text-xs text-too-large">
          {t(whole ? 'range.whole' : 'range.any', { min: words(min), max: words(max) })}
        </span>
      ) : (
        <Inherited
          id={`${id}-from`}
          name={t(`name.${name}`)}
          from={global && from === 'engine' ? unset(name) : from}
          back={own[name] === undefined ? undefined : words(inherited.settings[name])}
          onBack={() => onChange({ set: {}, inherit: [name] })}
        />
      )}
      <span id={`${id}-hint`} className={global ? 'text-xs text-text-2' : 'sr-only'}>
        {t(`hint.${name}`)}
      </span>
    </div>
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
