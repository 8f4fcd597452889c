/** How far something is. */
import { Progress as Base } from '@base-ui/react/progress';

/** A bar; `value` from 0 to 1, null while it cannot be told. */
export function Progress({ label, value, className = '' }: { label: string; value: number | null; className?: string }) {
  return (
    <Base.Root value={value === null ? null : Math.round(Math.min(1, value) * 1000) / 10} aria-label={label} className={className}>
      <Base.Track className="h-1.5 overflow-hidden rounded-full bg-surface-2">
        <Base.Indicator className="h-full bg-accent data-indeterminate:w-full data-indeterminate:opacity-50" />
      </Base.Track>
    </Base.Root>
  );
}
