/** A word about a thing. */
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

/** A quiet label. */
export function Badge({ icon: Icon, children }: { icon?: LucideIcon; children: ReactNode }) {
  return (
    <span className="inline-flex h-5 shrink-0 items-center gap-1 rounded-sm border border-line px-1.5 text-xs whitespace-nowrap text-text-2">
      {Icon && <Icon aria-hidden size={12} />}
      {children}
    </span>
  );
}
