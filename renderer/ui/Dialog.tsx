/** Something that must be dealt with first, over the view. */
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Boundary } from './Boundary.tsx';
import { Button, IconButton } from './Button.tsx';
import { classes } from './classes.ts';

interface Props {
  open: boolean;
  onClose(): void;
  title: string;
  /** Only for screen readers: the dialog shows what it is by itself. */
  hideTitle?: boolean;
  children: ReactNode;
  className?: string;
}

const controls = ['input', 'textarea', 'select', 'button', 'a'].map((name) => `${name}:not(:disabled, [hidden], [tabindex="-1"])`).join();

/** A dialog; Escape and a click beside it close it. Its first control has the focus, not the button that closes it. */
export function Dialog({ open, onClose, title, hideTitle = false, children, className }: Props) {
  const { t } = useTranslation();
  const content = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-scrim" />
        <Base.Popup
          initialFocus={() => content.current?.querySelector<HTMLElement>(controls) ?? true}
          className={classes(
            'fixed top-[12vh] left-1/2 z-40 flex max-h-[76vh] w-[min(560px,calc(100vw-32px))] -translate-x-1/2 flex-col overflow-hidden rounded-lg border border-line bg-surface-0 shadow-float outline-none',
            className,
          )}
        >
          <div className={hideTitle ? 'sr-only' : 'flex items-center justify-between gap-4 border-b border-line py-2 pr-2 pl-4'}>
            <Base.Title className="truncate text-lg font-semibold">{title}</Base.Title>
            {!hideTitle && <IconButton icon={X} label={t('action.close')} onClick={onClose} />}
          </div>
          <div ref={content} className="contents">
            <Boundary inPlace>{children}</Boundary>
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

interface ConfirmProps {
  open: boolean;
  title: string;
  text: string;
  /** The word on the button that does it. */
  action: string;
  /** The word on the button that leaves all as it is. */
  keep?: string;
  onConfirm(): void;
  onClose(): void;
}

/** Asks before something that cannot be undone. */
export function Confirm({ open, title, text, action, keep, onConfirm, onClose }: ConfirmProps) {
  const { t } = useTranslation();
  return (
    <Dialog open={open} onClose={onClose} title={title} className="w-[min(420px,calc(100vw-32px))]">
      <p className="p-4 text-text-2">{text}</p>
      <div className="flex justify-end gap-2 p-4 pt-0">
        <Button onClick={onClose}>{keep ?? t('action.cancel')}</Button>
        <Button
          kind="danger"
          onClick={() => {
            onConfirm();
            onClose();
          }}
        >
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
