/** A view that is a title and a column below it. */
import type { ReactNode } from 'react';

/** The title stays, with `tools` at its end; what is below scrolls. */
export function Page({ title, note, tools, children }: { title: string; note?: string | undefined; tools?: ReactNode; children: ReactNode }) {
  return (
    <div className="@container flex h-full flex-col">
      <header className="flex h-12 shrink-0 items-center gap-3 border-b border-line px-6">
        <h1 className="text-xl font-semibold">{title}</h1>
        {note && <span className="min-w-0 truncate text-text-2 tabular-nums">{note}</span>}
        {tools && <div className="ml-auto flex shrink-0 items-center gap-2">{tools}</div>}
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
    </div>
  );
}
