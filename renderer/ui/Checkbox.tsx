/** A tick box with its words. */
import { Checkbox as Base } from '@base-ui/react/checkbox';
import { Check } from 'lucide-react';
import { useId } from 'react';

interface Props {
  label: string;
  /** A second line. */
  detail?: string | undefined;
  checked: boolean;
  onChange(checked: boolean): void;
  disabled?: boolean;
}

/** A tick box; a click on its words ticks it too. */
export function Checkbox({ label, detail, checked, onChange, disabled = false }: Props) {
  const id = useId();
  return (
    <span className="grid grid-cols-[16px_minmax(0,1fr)] gap-x-2">
      <Base.Root
        id={id}
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled}
        aria-describedby={detail ? `${id}-detail` : undefined}
        className="mt-0.5 flex size-4 items-center justify-center rounded-sm border border-line-strong bg-surface-0 data-checked:border-accent data-checked:bg-accent data-disabled:opacity-55"
      >
        <Base.Indicator>
          <Check aria-hidden size={12} strokeWidth={3} className="text-on-accent" />
        </Base.Indicator>
      </Base.Root>
      <label htmlFor={id} className="wrap-anywhere select-none">
        {label}
      </label>
      {detail && (
        <span id={`${id}-detail`} className="col-start-2 text-xs text-text-2 tabular-nums">
          {detail}
        </span>
      )}
    </span>
  );
}
