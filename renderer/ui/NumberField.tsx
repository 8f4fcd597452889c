/** A number that may be left to the app. */
import { useId, useState } from 'react';
import { classes } from './classes.ts';

interface Props {
  label: string;
  hint?: string | undefined;
  /** What holds while nothing is written. */
  placeholder: string;
  value: number | undefined;
  min: number;
  max: number;
  /** Fractions too. */
  fractional?: boolean;
  /** Hears numbers that may be, and undefined for an empty field. */
  onChange(value: number | undefined): void;
  /** Stands behind the field. */
  unit?: string | undefined;
  /** The field stands at the end of the line: several of them are below one another. */
  inLine?: boolean;
}

/** The field with its label; what may not be is told apart, and forgotten when the field is left. */
export function NumberField({ label, hint, placeholder, value, min, max, fractional = false, onChange, unit, inLine = false }: Props) {
  const id = useId();
  const [wrong, setWrong] = useState(false);
  const said = value === undefined ? '' : String(value);
  return (
    <div className="flex flex-col gap-1">
      <span className="flex items-center gap-2">
        <label htmlFor={id} className={classes('text-text-2', inLine && 'min-w-0 flex-1 wrap-anywhere')}>
          {label}
        </label>
        <input
          id={id}
          type="number"
          min={min}
          max={max}
          step={fractional ? 'any' : 1}
          // Not controlled: while it is being typed it may be anything.
          defaultValue={said}
          placeholder={placeholder}
          aria-invalid={wrong}
          aria-describedby={hint ? `${id}-hint` : undefined}
          onChange={({ target }) => {
            const next = target.valueAsNumber;
            const fine = target.value === '' ? !target.validity.badInput : next >= min && next <= max && (fractional || Number.isInteger(next));
            setWrong(!fine);
            if (fine) onChange(target.value === '' ? undefined : next);
          }}
          onBlur={({ target }) => {
            if (wrong) target.value = said;
            setWrong(false);
          }}
          className={classes(
            'h-7 rounded-md border border-line-strong bg-surface-0 px-2 tabular-nums placeholder:text-text-2 aria-invalid:border-too-large',
            inLine ? 'w-20' : 'w-32',
          )}
        />
        {unit && <span className={classes('text-text-2 tabular-nums', inLine && 'w-11 text-right')}>{unit}</span>}
      </span>
      {hint && (
        <p id={`${id}-hint`} className="text-xs text-text-2">
          {hint}
        </p>
      )}
    </div>
  );
}
