/** The empty and the broken face of a view: what it is for or what happened, and one thing to do. */
import { CircleAlert, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

interface EmptyProps {
  icon: LucideIcon;
  title: string;
  text: string;
  /** Nothing else names the view: the title is the page's heading. */
  whole?: boolean;
  children?: ReactNode;
}

/** The middle of an empty view. */
export function Empty({ icon: Icon, title, text, whole = false, children }: EmptyProps) {
  const Title = whole ? 'h1' : 'h2';
  return (
    <div className="flex h-full flex-col items-center justify-center gap-2 p-8 text-center">
      <Icon aria-hidden size={28} strokeWidth={1.5} className="text-text-3" />
      <Title className="text-lg font-semibold">{title}</Title>
      <p className="max-w-96 text-text-2">{text}</p>
      {children && <div className="mt-2 flex flex-wrap justify-center gap-2">{children}</div>}
    </div>
  );
}

/** A problem, said in place: one sentence and what can be done. */
export function Problem({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <div role="alert" className="flex flex-wrap items-center gap-2 rounded-md border border-too-large bg-surface-0 px-3 py-2">
      <p className="flex min-w-0 flex-1 basis-48 items-start gap-2 wrap-anywhere">
        <CircleAlert aria-hidden size={16} className="mt-0.5 shrink-0 text-too-large" />
        <span>{text}</span>
      </p>
      {children && <div className="flex flex-wrap items-center gap-2">{children}</div>}
    </div>
  );
}

/** A line that holds the place of one that is coming. */
export const Skeleton = ({ className = '' }: { className?: string }) => <div aria-hidden className={`h-4 rounded-sm bg-surface-2 ${className}`} />;
