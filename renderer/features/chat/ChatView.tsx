/** A chat, or the beginning of a new one. */
import { MessageSquare } from 'lucide-react';
import { useLayoutEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useErrorSentence } from '../../errorSentence.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Empty } from '../../ui/Notice.tsx';
import { Composer } from './Composer.tsx';
import { Thread } from './Thread.tsx';

/** The view of `chatId`; without one whatever is sent begins a chat. */
export function ChatView({ chatId }: { chatId: string | undefined }) {
  const { t } = useTranslation('chat');
  const { turn: store, ui } = useStores();
  const sentence = useErrorSentence();
  useLayoutEffect(() => store.getState().open(chatId), [store, chatId]);
  const chat = useStore(store, (state) => (state.chatId === chatId ? state.chat : undefined));
  const error = useStore(store, (state) => (state.chatId === chatId ? state.error : undefined));

  if (error)
    return (
      <Empty whole icon={MessageSquare} title={t('gone.title')} text={sentence(error)}>
        <Button kind="primary" onClick={() => ui.getState().go('chat')}>
          {t('gone.new')}
        </Button>
      </Empty>
    );
  return (
    <div className="flex h-full min-h-0 flex-col">
      <h1 className="sr-only">{chatId === undefined ? t('newChat') : chat?.title || t('untitled')}</h1>
      {chat && chat.turns.length > 0 ? (
        <Thread key={`thread ${chat.id}`} chat={chat} />
      ) : (
        <div className="min-h-0 flex-1 overflow-y-auto">
          {chatId === undefined ? (
            <Empty icon={MessageSquare} title={t('empty.title')} text={t('empty.text')} />
          ) : (
            chat && <Empty icon={MessageSquare} title={t('noTurns.title')} text={t('noTurns.text')} />
          )}
        </div>
      )}
      <Composer key={`composer ${chatId ?? ''}`} chatId={chatId} />
    </div>
  );
}
