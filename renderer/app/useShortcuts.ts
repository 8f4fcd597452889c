/** The keys that work everywhere. */
import { useEffect } from 'react';
import { useStores } from '../stores/index.ts';
import { undoLast } from '../ui/toasts.tsx';

const inText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement);

/** Ctrl/Cmd K: palette; Ctrl/Cmd N: new chat; Ctrl/Cmd Z outside of text: undo the last delete. */
export function useShortcuts(): void {
  const { ui } = useStores();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      const key = event.key.toLowerCase();
      if (key === 'k') ui.getState().setPalette(!ui.getState().palette);
      else if (key === 'n') ui.getState().go('chat');
      else if (key !== 'z' || inText(event.target) || !undoLast()) return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [ui]);
}
