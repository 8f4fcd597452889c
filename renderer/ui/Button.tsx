/** Buttons: with words, or an icon with a name and a tooltip. */
import { Button as Base } from '@base-ui/react/button';
import type { LucideIcon } from 'lucide-react';
import type { ComponentProps, Ref } from 'react';
import { classes } from './classes.ts';
import { Tooltip } from './Tooltip.tsx';

type Kind = 'primary' | 'plain' | 'quiet' | 'danger';

const kinds: Record<Kind, string> = {
  primary: 'bg-accent text-on-accent not-data-disabled:hover:brightness-110',
  plain: 'border border-line-strong bg-surface-0 text-text-1 not-data-disabled:hover:bg-surface-1',
  quiet: 'text-text-2 not-data-disabled:hover:bg-surface-2 not-data-disabled:hover:text-text-1',
  danger: 'border border-too-large text-too-large not-data-disabled:hover:bg-surface-1',
};

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'ref'> {
  kind?: Kind;
  icon?: LucideIcon;
  /** Stays reachable while it is disabled, so that its name can be read. */
  focusableWhenDisabled?: boolean;
  /** Why it cannot be used now: it is disabled, stays reachable, and says so. */
  whyNot?: string | undefined;
  ref?: Ref<HTMLButtonElement>;
}

const refusal = (whyNot: string | undefined): ComponentProps<typeof Base> =>
  whyNot === undefined ? {} : { disabled: true, focusableWhenDisabled: true, 'aria-description': whyNot };

/** A button with words; 28 px high. */
export function Button({ kind = 'plain', icon: Icon, className, children, whyNot, ...rest }: ButtonProps) {
  return (
    <Tooltip text={whyNot}>
      <Base
        className={classes(
          'inline-flex h-7 shrink-0 items-center justify-center gap-1.5 rounded-md px-2.5 text-sm font-medium whitespace-nowrap select-none data-disabled:opacity-55',
          kinds[kind],
          className,
        )}
        {...rest}
        {...refusal(whyNot)}
      >
        {Icon && <Icon aria-hidden size={16} strokeWidth={1.75} />}
        {children}
      </Base>
    </Tooltip>
  );
}

/** A square button with an icon; `label` is its name and tooltip. */
export function IconButton({
  icon: Icon,
  label,
  className,
  kind = 'quiet',
  whyNot,
  ...rest
}: Omit<ButtonProps, 'children'> & { icon: LucideIcon; label: string }) {
  return (
    <Tooltip text={whyNot === undefined ? label : `${label}\n${whyNot}`}>
      <Base
        aria-label={label}
        className={classes('inline-flex size-7 shrink-0 items-center justify-center rounded-md select-none data-disabled:opacity-55', kinds[kind], className)}
        {...rest}
        {...refusal(whyNot)}
      >
        <Icon aria-hidden size={16} strokeWidth={1.75} />
      </Base>
    </Tooltip>
  );
}
