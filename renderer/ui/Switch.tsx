/** On or off, with its words. */
import { Switch as Base } from '@base-ui/react/switch';
import { useId } from 'react';

interface Props {
  label: string;
  hint?: string | undefined;
  checked: boolean;
  onChange(checked: boolean): void;
  disabled?: boolean;
}

/** A switch; a click on its words turns it too. */
export function Switch({ label, hint, checked, onChange, disabled = false }: Props) {
  const id = useId();
  return (
    <span className="flex items-center gap-2">
      <Base.Root
        id={id}
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="flex h-4 w-7 shrink-0 items-center rounded-full border border-line-strong bg-surface-2 p-px data-checked:border-accent data-checked:bg-accent data-disabled:opacity-55"
      >
        <Base.Thumb className="size-3 rounded-full bg-text-2 transition-transform data-checked:translate-x-3 data-checked:bg-on-accent" />
      </Base.Root>
      <label htmlFor={id} className="select-none">
        {label}
      </label>
      {hint && (
        <span id={`${id}-hint`} className="text-xs text-text-2">
          {hint}
        </span>
      )}
    </span>
  );
}
