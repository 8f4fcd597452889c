/** A part of a page under a heading of its own. */
import { type ReactNode, useEffect, useId, useRef } from 'react';

interface Props {
  title: string;
  hint?: string;
  /** This section is where the person wants to go: it is scrolled to, and its heading has the focus. */
  wanted?: boolean;
  children: ReactNode;
}

/** The section; a line divides it from the next one. */
export function Section({ title, hint, wanted, children }: Props) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!wanted) return;
    heading.current?.scrollIntoView();
    heading.current?.focus({ preventScroll: true });
  }, [wanted]);
  return (
    <section aria-labelledby={id} className="flex flex-col gap-3 border-b border-line pb-6 last:border-b-0">
      <div>
        <h2 id={id} ref={heading} tabIndex={wanted === undefined ? undefined : -1} className="scroll-mt-5 font-semibold outline-none">
          {title}
        </h2>
        {hint && <p className="text-xs text-text-2">{hint}</p>}
      </div>
      {children}
    </section>
  );
}
