/** What a person can do to one turn, with what they are told about it. */
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { Turn } from '../../../shared/schemas/chat.ts';
import { useStores } from '../../stores/index.ts';
import { notifyError, offerUndo } from '../../ui/toasts.tsx';
import { useAct } from './useAct.ts';

/** Copy, retry and delete with undo, of a turn of the chat on screen. */
export function useTurnActions() {
  const { t } = useTranslation('chat');
  const { turn: store } = useStores();
  const act = useAct();
  const busy = useStore(store, ({ chat }) => chat?.running === true);
  return {
    /** Why nothing can be asked or changed now. */
    whyNot: busy ? t('action.busy') : undefined,
    /** Puts text on the clipboard; true once it is there. */
    async copy(text: string): Promise<boolean> {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        notifyError(t('action.copyFailed'));
        return false;
      }
    },
    retry: (turn: Turn) => act(store.getState().retry(turn.id)),
    remove: (turn: Turn) =>
      act(store.getState().remove(turn.id), () => offerUndo(t('deleted.turn'), t('action.undo'), () => act(store.getState().restore(turn.id)))),
  };
}
