/** A button that stays pressed. */
import { Toggle as Base } from '@base-ui/react/toggle';
import type { ReactNode } from 'react';

/** On while `pressed`. */
export function Toggle({ pressed, onChange, children }: { pressed: boolean; onChange(pressed: boolean): void; children: ReactNode }) {
  return (
    <Base
      pressed={pressed}
      onPressedChange={onChange}
      className="inline-flex h-7 shrink-0 items-center rounded-md border border-line-strong px-2 whitespace-nowrap select-none hover:bg-surface-1 data-pressed:border-accent data-pressed:bg-accent data-pressed:text-on-accent"
    >
      {children}
    </Base>
  );
}
