/** A question being changed in place, with its pictures; sending it makes an alternative beside the old one. */
import { ImagePlus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { AppError } from '../../../shared/result.ts';
import type { Turn } from '../../../shared/schemas/chat.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { isReady, noDraft, toParts } from './drafts.ts';
import { ImageTray } from './ImageTray.tsx';
import { PicturePicker } from './PicturePicker.tsx';
import { pictureFiles, TextField } from './TextField.tsx';
import { useTurnActions } from './useTurnActions.ts';

/** The editor in the place of `turn`; its draft is under the turn's id. */
export function Edit({ turn, onDone }: { turn: Turn; onDone(): void }) {
  const { t } = useTranslation('chat');
  const stores = useStores();
  const sentence = useErrorSentence();
  const { whyNot } = useTurnActions();
  const draft = useStore(stores.drafts, (state) => state.drafts[turn.id] ?? noDraft);
  const [error, setError] = useState<AppError>();
  const [sending, setSending] = useState(false);

  const close = (): void => {
    stores.drafts.getState().clear(turn.id);
    onDone();
  };
  const send = async (): Promise<void> => {
    if (sending || !isReady(draft)) return;
    setSending(true);
    const sent = await stores.turn.getState().edit(turn.id, toParts(draft));
    setSending(false);
    if (sent.ok) close();
    else setError(sent.error);
  };
  const attach = (files: File[]): void => void stores.drafts.getState().attach(turn.id, files);

  return (
    <form
      data-turn
      aria-label={t('composer.editLabel')}
      className="rounded-lg border border-line-strong bg-surface-0 focus-within:border-accent"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onPaste={(event) => {
        const files = pictureFiles(event.clipboardData);
        // The window's own paste and drop would put them into the new message.
        event.nativeEvent.stopPropagation();
        if (files.length === 0) return;
        event.preventDefault();
        attach(files);
      }}
      onDrop={(event) => {
        const files = pictureFiles(event.dataTransfer);
        if (files.length === 0) return;
        event.preventDefault();
        event.nativeEvent.stopPropagation();
        attach(files);
      }}
    >
      <ImageTray draftId={turn.id} />
      <TextField
        label={t('composer.editLabel')}
        value={draft.text}
        onChange={(text) => stores.drafts.getState().write(turn.id, text)}
        onSend={() => void send()}
        onEscape={close}
      />
      {error && (
        <div className="px-3 pb-2">
          <Problem text={sentence(error)} />
        </div>
      )}
      <div className="flex items-center gap-2 p-2 pt-0">
        <PicturePicker icon={ImagePlus} onPick={attach} />
        <div className="flex-1" />
        <Button onClick={close}>{t('action.cancel')}</Button>
        <Button kind="primary" type="submit" disabled={!isReady(draft) || sending} whyNot={whyNot}>
          {t('action.send')}
        </Button>
      </div>
    </form>
  );
}
