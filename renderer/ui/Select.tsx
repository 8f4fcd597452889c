/** One choice out of a few. */
import { Select as Base } from '@base-ui/react/select';
import { Check, ChevronDown } from 'lucide-react';
import { classes } from './classes.ts';

export interface Option<T extends string> {
  value: T;
  label: string;
  /** A second line that says what it means. */
  hint?: string | undefined;
}

interface Props<T extends string> {
  label: string;
  /** Shows the label beside the field; else it is only its accessible name. */
  showLabel?: boolean;
  value: T;
  options: readonly Option<T>[];
  onChange(value: T): void;
  disabled?: boolean;
  className?: string;
}

/** A field that opens a list. */
export function Select<T extends string>({ label, showLabel = false, value, options, onChange, disabled = false, className }: Props<T>) {
  return (
    <Base.Root items={options as Option<T>[]} value={value} onValueChange={(next) => next !== null && onChange(next)} disabled={disabled}>
      <div className="flex items-center gap-2">
        <Base.Label className={showLabel ? 'text-text-2' : 'sr-only'}>{label}</Base.Label>
        <Base.Trigger
          className={classes(
            'inline-flex h-7 items-center justify-between gap-1.5 rounded-md border border-line-strong bg-surface-0 px-2 select-none hover:bg-surface-1 data-disabled:opacity-55',
            className,
          )}
        >
          <Base.Value />
          <Base.Icon>
            <ChevronDown aria-hidden size={14} />
          </Base.Icon>
        </Base.Trigger>
      </div>
      <Base.Portal>
        <Base.Positioner sideOffset={4} className="z-50" alignItemWithTrigger={false}>
          <Base.Popup className="max-h-(--available-height) min-w-(--anchor-width) overflow-y-auto rounded-md border border-line bg-surface-0 p-1 shadow-float outline-none">
            {options.map((option) => (
              <Base.Item
                key={option.value}
                value={option.value}
                className="grid grid-cols-[16px_1fr] items-start gap-2 rounded-sm px-2 py-1 outline-none select-none data-highlighted:bg-surface-2"
              >
                <Base.ItemIndicator className="col-start-1 pt-0.5">
                  <Check aria-hidden size={14} />
                </Base.ItemIndicator>
                <span className="col-start-2">
                  <Base.ItemText>{option.label}</Base.ItemText>
                  {option.hint && <span className="block text-xs text-text-2">{option.hint}</span>}
                </span>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
