/** A list of things to do, at a button. */
import { Menu as Base } from '@base-ui/react/menu';
import { Check, type LucideIcon } from 'lucide-react';
import type { ReactElement, ReactNode } from 'react';

/** A menu opened by `trigger` (one button). */
export function Menu({ trigger, children, side = 'bottom' }: { trigger: ReactElement; children: ReactNode; side?: 'top' | 'bottom' }) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} side={side} align="start" className="z-50">
          <Base.Popup className="max-h-(--available-height) min-w-44 overflow-y-auto rounded-md border border-line bg-surface-0 p-1 shadow-float outline-none">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

/** One thing to do. */
export function MenuItem({
  icon: Icon,
  children,
  detail,
  onClick,
  disabled = false,
}: {
  icon?: LucideIcon;
  children: ReactNode;
  detail?: string;
  onClick(): void;
  disabled?: boolean;
}) {
  return (
    <Base.Item
      onClick={onClick}
      disabled={disabled}
      className="flex h-7 items-center gap-2 rounded-sm px-2 outline-none select-none data-disabled:text-text-3 data-highlighted:bg-surface-2"
    >
      {Icon && <Icon aria-hidden size={16} strokeWidth={1.75} className="text-text-2" />}
      <span className="truncate">{children}</span>
      {detail && <span className="ml-auto pl-6 text-xs text-text-2 tabular-nums">{detail}</span>}
    </Base.Item>
  );
}

/** Things of which one is chosen, under the heading that says for what. */
export function MenuChoices({ heading, value, onChange, children }: { heading: string; value: string; onChange(value: string): void; children: ReactNode }) {
  return (
    <Base.RadioGroup value={value} onValueChange={onChange}>
      <Base.GroupLabel className="px-2 py-1 text-xs text-text-2">{heading}</Base.GroupLabel>
      {children}
    </Base.RadioGroup>
  );
}

/** One of them. */
export function MenuChoice({ value, children, detail }: { value: string; children: ReactNode; detail?: string }) {
  return (
    <Base.RadioItem value={value} closeOnClick className="flex h-7 items-center gap-2 rounded-sm px-2 outline-none select-none data-highlighted:bg-surface-2">
      <span className="w-4 shrink-0">
        <Base.RadioItemIndicator>
          <Check aria-hidden size={14} />
        </Base.RadioItemIndicator>
      </span>
      <span className="truncate">{children}</span>
      {detail && <span className="ml-auto pl-6 text-xs text-text-2 tabular-nums">{detail}</span>}
    </Base.RadioItem>
  );
}

/** A heading over some of them. */
export function MenuHeading({ children }: { children: ReactNode }) {
  return (
    <Base.Group>
      <Base.GroupLabel className="max-w-96 px-2 py-1 text-xs text-text-2">{children}</Base.GroupLabel>
    </Base.Group>
  );
}

/** A line between groups. */
export const MenuLine = () => <Base.Separator className="my-1 h-px bg-line" />;
