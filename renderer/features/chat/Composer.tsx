/** Where a message is written: text, pictures, the thinking switch, and one button that sends or stops. */
import { ArrowUp, ImageOff, ImagePlus, Square } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { AppError } from '../../../shared/result.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { nextModel } from '../../stores/engine.ts';
import { useStores } from '../../stores/index.ts';
import { IconButton } from '../../ui/Button.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { Switch } from '../../ui/Switch.tsx';
import { isReady, newChat, noDraft, toParts } from './drafts.ts';
import { ImageTray } from './ImageTray.tsx';
import { Ledger } from './Ledger.tsx';
import { ModelChoice } from './ModelChoice.tsx';
import { ModelLine } from './ModelLine.tsx';
import { PicturePicker } from './PicturePicker.tsx';
import { ChatSettings } from './settings/ChatSettings.tsx';
import { useAnswerSettings } from './settings/useAnswerSettings.ts';
import { TextField } from './TextField.tsx';
import { useAct } from './useAct.ts';
import { useDroppedPictures } from './useDroppedPictures.ts';

/** Writes to the chat, or to a new one; keeps everything when core refuses it. */
export function Composer({ chatId }: { chatId: string | undefined }) {
  const { t } = useTranslation('chat');
  const stores = useStores();
  const sentence = useErrorSentence();
  const act = useAct();
  const hintId = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const draftId = chatId ?? newChat;
  const draft = useStore(stores.drafts, (state) => state.drafts[draftId] ?? noDraft);
  const chat = useStore(stores.turn, (state) => (state.chatId === chatId ? state.chat : undefined));
  const running = chat?.turns.find((turn) => turn.status === 'running')?.id ?? (chat?.running ? chat.answering : undefined);
  const model = useStore(stores.engine, ({ state }) => (state.status === 'ready' ? state.model : undefined));
  const next = useStore(stores.engine, ({ state, begins }) => begins ?? nextModel(state));
  const answerable = useStore(stores.library, ({ models }) => model !== undefined || models?.some(({ id, problem }) => id === next && !problem) === true);
  const visionProblem = useStore(stores.engine, ({ state }) => (state.status === 'ready' ? state.visionProblem : undefined));
  const { own, choice, onChange } = useAnswerSettings(chatId);
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<AppError>();
  const [hint, setHint] = useState<string>();
  const [asked, setAsked] = useState(false);

  const blind = model !== undefined && !model.vision;
  const whyBlind = blind ? t(`vision.${visionProblem ?? 'unknown'}`) : undefined;
  // A model made without vision is nothing to complain about until somebody wants to show it something.
  const broken = visionProblem !== undefined && visionProblem !== 'noProjector' && visionProblem !== 'off';
  const showBlind = blind && (asked || broken || draft.attachments.length > 0);
  const canSend = isReady(draft) && answerable && !(blind && draft.attachments.length > 0) && !running && !sending;

  const attach = (files: File[]): void => {
    if (files.length === 0) return;
    if (blind) setAsked(true);
    else void stores.drafts.getState().attach(draftId, files);
    field.current?.focus();
  };
  const over = useDroppedPictures(attach);

  const send = async (): Promise<void> => {
    if (running) return setHint(t('composer.running'));
    if (draft.attachments.some((attachment) => !attachment.part)) return setHint(t('composer.preparing'));
    if (isReady(draft) && !answerable) return setHint(t('composer.noModel'));
    if (!canSend) return;
    setHint(undefined);
    setError(undefined);
    setSending(true);
    const sent = await stores.turn.getState().send(toParts(draft), Object.keys(own).length > 0 ? own : undefined);
    setSending(false);
    if (!sent.ok) return setError(sent.error);
    stores.drafts.getState().clear(draftId);
    const { view, id, go } = stores.ui.getState();
    if (chatId === undefined && view === 'chat' && id === undefined) go('chat', sent.value.chatId);
  };
  const stop = (): void => {
    if (running) act(stores.turn.getState().stop(running));
    field.current?.focus();
  };

  return (
    <div className="mx-auto w-full max-w-[760px] shrink-0 px-4 pb-4">
      <form
        className={`relative rounded-lg border bg-surface-0 focus-within:border-accent ${over ? 'border-accent' : 'border-line-strong'}`}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        {over && (
          <p aria-hidden className="absolute inset-0 z-10 flex items-center justify-center rounded-lg bg-surface-1 font-medium">
            {t('composer.drop')}
          </p>
        )}
        <ModelLine />
        <ImageTray draftId={draftId} />
        <TextField
          ref={field}
          label={t('composer.label')}
          placeholder={t('composer.placeholder')}
          value={draft.text}
          readOnly={sending}
          describedBy={hint || showBlind ? hintId : undefined}
          onChange={(text) => {
            setHint(undefined);
            stores.drafts.getState().write(draftId, text);
          }}
          onSend={() => void send()}
          onEscape={() => {
            if (draft.text === '' && draft.attachments.length === 0) stop();
          }}
        />
        {error && (
          <div className="px-3 pb-2">
            <Problem text={sentence(error)} />
          </div>
        )}
        {(hint || showBlind) && (
          <p id={hintId} role="status" className="px-3 pb-2 text-text-2">
            {hint ?? whyBlind}
          </p>
        )}
        <div className="flex items-center gap-3 p-2 pt-0">
          <PicturePicker icon={blind ? ImageOff : ImagePlus} onPick={attach} instead={blind ? () => setAsked(true) : undefined} />
          <ChatSettings chatId={chatId} />
          {model?.thinking && (
            <Switch label={t('thinking.switch')} checked={choice.settings.thinking} onChange={(thinking) => onChange({ set: { thinking } })} />
          )}
          <ModelChoice />
          <div className="flex min-w-0 flex-1 justify-end">{chat && chat.turns.length > 0 && <Ledger key={chat.id} chat={chat} />}</div>
          {running ? (
            <IconButton type="button" kind="plain" icon={Square} className="[&>svg]:size-3 [&>svg]:fill-current" label={t('action.stop')} onClick={stop} />
          ) : (
            <IconButton type="submit" kind="primary" icon={ArrowUp} label={sending ? t('composer.sending') : t('action.send')} disabled={!canSend} />
          )}
        </div>
      </form>
    </div>
  );
}
