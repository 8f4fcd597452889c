/** A short text at what it explains; it repeats the accessible name or description, so a screen reader does not need it. */
import { Tooltip as Base } from '@base-ui/react/tooltip';
import type { ReactElement } from 'react';

/** Shows `text`, if any, while `children` (one element) is hovered or focused. */
export function Tooltip({ text, children }: { text: string | undefined; children: ReactElement }) {
  return (
    <Base.Root disabled={text === undefined}>
      <Base.Trigger delay={500} render={children} />
      <Base.Portal>
        <Base.Positioner sideOffset={6}>
          <Base.Popup className="z-50 max-w-72 rounded-md border border-line bg-surface-1 px-2 py-1 text-xs whitespace-pre-line text-text-1 shadow-float">
            {text}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
