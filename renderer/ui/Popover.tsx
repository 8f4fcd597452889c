/** Fields at a button, for as long as they are needed. */
import { Popover as Base } from '@base-ui/react/popover';
import type { ReactElement, ReactNode } from 'react';

interface Props {
  trigger: ReactElement;
  title: string;
  children: ReactNode;
  /** What has the focus when it closes; true, and usual: its trigger. */
  focusAfter?: () => HTMLElement | true | null;
}

/** Opens at `trigger` (one button); `title` names it for screen readers. */
export function Popover({ trigger, title, children, focusAfter }: Props) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="start" className="z-40">
          <Base.Popup
            finalFocus={focusAfter}
            className="max-h-(--available-height) overflow-y-auto rounded-md border border-line bg-surface-0 p-3 shadow-float outline-none"
          >
            <Base.Title className="sr-only">{title}</Base.Title>
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
