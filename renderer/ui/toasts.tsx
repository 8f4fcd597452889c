/** Short notices in the corner, and the one undo that Ctrl/Cmd Z takes back. */
import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './Button.tsx';

const manager = Toast.createToastManager();
let lastUndo: (() => void) | undefined;

/** Says what went wrong, for longer, and to a screen reader at once. */
export function notifyError(text: string): void {
  manager.add({ description: text, type: 'error', timeout: 10_000, priority: 'high' });
}

/** Says what is being done while it takes longer than a second. */
export function notifyWhile(text: string, action: Promise<unknown>): void {
  let id: string | undefined;
  const timer = setTimeout(() => {
    id = manager.add({ description: text, timeout: 0 });
  }, 1000);
  void action.finally(() => {
    clearTimeout(timer);
    if (id !== undefined) manager.close(id);
  });
}

/** Says what was done and offers to take it back, by its button or by Ctrl/Cmd Z, for 8 seconds. */
export function offerUndo(text: string, label: string, undo: () => void): void {
  const run = (): void => {
    manager.close(id);
    if (lastUndo === run) lastUndo = undefined;
    undo();
  };
  const id = manager.add({
    description: text,
    timeout: 8000,
    actionProps: { children: label, onClick: run },
    onClose: () => {
      if (lastUndo === run) lastUndo = undefined;
    },
  });
  lastUndo = run;
}

/** Takes back what was last offered; false when there is nothing. */
export function undoLast(): boolean {
  if (!lastUndo) return false;
  lastUndo();
  return true;
}

/** Where the notices appear. */
export function Toasts() {
  return (
    <Toast.Provider toastManager={manager} limit={3}>
      <Toast.Portal>
        <Toast.Viewport className="fixed right-4 bottom-12 z-50 flex w-90 max-w-[calc(100vw-32px)] flex-col gap-2 outline-none">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { t } = useTranslation();
  const { toasts, close } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      swipeDirection={[]}
      className="rounded-md border border-line-strong bg-surface-0 text-text-1 shadow-float data-[type=error]:border-too-large"
    >
      <Toast.Content className="flex items-center gap-2 py-1.5 pr-1.5 pl-3">
        <Toast.Description className="min-w-0 flex-1 wrap-anywhere" />
        {toast.actionProps && <Toast.Action className="h-7 shrink-0 rounded-md px-2 font-medium text-accent hover:bg-surface-2" />}
        <IconButton icon={X} label={t('action.close')} onClick={() => close(toast.id)} />
      </Toast.Content>
    </Toast.Root>
  ));
}
