/** A number that may be left to the app. */
import { type ReactNode, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../i18n.ts';
import { classes } from './classes.ts';
import { useTyped } from './useTyped.ts';

interface Props {
  label: string;
  /** What holds while nothing is written. */
  placeholder: string;
  value: number | undefined;
  min: number;
  max: number;
  /** Of the arrows; a fraction allows fractions, `any` allows all of them and steps by 1. */
  step?: number | 'any';
  /** Hears a number that may be, or undefined for an empty field, when it is left or typing stops. */
  onChange(value: number | undefined): void;
  /** Stands behind the field. */
  unit?: string | undefined;
  hint?: string | undefined;
  /** The hint is for screen readers only. */
  hideHint?: boolean;
  /** Stands below the field, described by the id it gets, while there is nothing wrong to be told. */
  below?(id: string): ReactNode;
  /** `line`: at the end of a line, as several of them are below one another; `bare`: the label is for screen readers only. */
  layout?: 'beside' | 'above' | 'line' | 'bare';
}

const looks = {
  beside: { row: 'flex items-center gap-2', label: 'text-text-2', input: 'w-32', unit: '' },
  above: { row: 'flex min-w-0 flex-col gap-0.5', label: 'text-text-2', input: 'w-28', unit: '' },
  line: { row: 'flex items-center gap-2', label: 'text-text-2 min-w-0 flex-1 wrap-anywhere', input: 'w-20', unit: 'w-11 text-right' },
  bare: { row: 'flex items-center gap-2', label: 'sr-only', input: 'w-18', unit: '' },
};

/** Stands for what is no number at all, whose text a browser does not tell. */
const noNumber = 'NaN';

/** The field with its label; what may not be is said, and forgotten when the field is left. */
export function NumberField({ label, placeholder, value, min, max, step = 1, onChange, unit, hint, hideHint = false, below, layout = 'beside' }: Props) {
  const { t } = useTranslation();
  const { locale } = useFormat();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState(false);
  const whole = Number.isInteger(step);
  const isNumber = (text: string): boolean => {
    const number = Number(text);
    return text.trim() !== '' && number >= min && number <= max && (!whole || Number.isInteger(number));
  };
  const isAllowed = (text: string): boolean => text === '' || isNumber(text);
  const said = value === undefined ? '' : String(value);
  const { text, type, done } = useTyped(
    said,
    (typed) => {
      if (isAllowed(typed)) return onChange(typed === '' ? undefined : Number(typed));
      setRefused(true);
      // React does not see what stands in a field that holds no number.
      if (input.current) input.current.value = said;
    },
    isNumber,
  );
  const isWrong = text !== said && !isAllowed(text);
  const words = (bound: number): string => bound.toLocaleString(locale, { maximumFractionDigits: 3 });
  const look = looks[layout];
  return (
    <div className="flex min-w-0 flex-col gap-0.5">
      <span className={look.row}>
        <label htmlFor={id} className={look.label}>
          {label}
        </label>
        <input
          ref={input}
          id={id}
          type="number"
          min={min}
          max={max}
          step={step}
          value={text === noNumber ? '' : text}
          placeholder={placeholder}
          aria-invalid={isWrong}
          aria-describedby={classes(`${id}-below`, hint && `${id}-hint`)}
          onChange={({ target }) => {
            setRefused(false);
            type(target.validity.badInput ? noNumber : target.value);
          }}
          onBlur={done}
          onKeyDown={({ key }) => key === 'Enter' && done()}
          className={classes(
            'h-7 rounded-md border border-line-strong bg-surface-0 px-2 tabular-nums placeholder:text-text-2 aria-invalid:border-too-large',
            look.input,
          )}
        />
        {unit && <span className={classes('text-text-2 tabular-nums', look.unit)}>{unit}</span>}
      </span>
      {isWrong || refused ? (
        <span id={`${id}-below`} role="alert" className={classes('min-h-5 content-center text-xs', isWrong ? 'text-too-large' : 'text-text-2')}>
          {t(whole ? 'number.whole' : 'number.any', { min: words(min), max: words(max) })}
        </span>
      ) : (
        below?.(`${id}-below`)
      )}
      {hint && (
        <span id={`${id}-hint`} className={hideHint ? 'sr-only' : 'text-xs text-text-2'}>
          {hint}
        </span>
      )}
    </div>
  );
}
