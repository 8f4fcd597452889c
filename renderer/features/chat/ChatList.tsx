/** The chats in the sidebar: by day or found by a search, to be opened, renamed and deleted. */
import { MessageSquarePlus, Search, X } from 'lucide-react';
import { type KeyboardEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { ChatSummary } from '../../../shared/schemas/chat.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useStores } from '../../stores/index.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Problem, Skeleton } from '../../ui/Notice.tsx';
import { ChatRow } from './ChatRow.tsx';
import { byDay } from './days.ts';

/** The list with its search field. Up, Down, Home and End go from chat to chat; F2 renames, Delete deletes. */
export function ChatList() {
  const { t } = useTranslation('chat');
  const stores = useStores();
  const sentence = useErrorSentence();
  const { chats, found, query, error } = useStore(stores.chats);
  const openId = useStore(stores.ui, (state) => (state.view === 'chat' ? state.id : undefined));
  const list = useRef<HTMLDivElement>(null);

  const searching = query.trim() !== '';
  const shown = searching ? (found ?? chats) : chats;
  const groups: { title: string; chats: ChatSummary[] }[] = !shown
    ? []
    : searching
      ? [{ title: t('list.found'), chats: shown }]
      : byDay(shown, new Date()).map((group) => ({ title: t(`list.${group.day}`), chats: group.chats }));
  const all = groups.flatMap((group) => group.chats);
  // One stop for Tab in the whole list: the open chat, else the first.
  const stop = all.find((chat) => chat.id === openId)?.id ?? all[0]?.id;

  const onKeyDown = (event: KeyboardEvent): void => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('a[data-chat]') ?? [])];
    const at = rows.indexOf(document.activeElement as HTMLElement);
    if (at < 0) return;
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined) return;
    rows[to]?.focus();
    event.preventDefault();
  };

  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex flex-col gap-2 p-2">
        <Button icon={MessageSquarePlus} className="w-full" onClick={() => stores.ui.getState().go('chat')}>
          {t('newChat')}
        </Button>
        <div className="relative">
          <Search aria-hidden size={14} className="pointer-events-none absolute top-[7px] left-2 text-text-3" />
          <input
            type="search"
            aria-label={t('list.search')}
            placeholder={t('list.search')}
            value={query}
            maxLength={200}
            onChange={(event) => void stores.chats.getState().search(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape' || query === '') return;
              event.stopPropagation();
              void stores.chats.getState().search('');
            }}
            className="h-7 w-full rounded-md border border-line-strong bg-surface-0 pr-7 pl-7 [&::-webkit-search-cancel-button]:hidden"
          />
          {query !== '' && (
            <IconButton icon={X} label={t('list.clear')} className="absolute top-0 right-0" onClick={() => void stores.chats.getState().search('')} />
          )}
        </div>
        {error && <Problem text={sentence(error)} />}
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys move between the links inside. */}
      <div ref={list} className="min-h-0 flex-1 overflow-y-auto px-2 pb-2" onKeyDown={onKeyDown}>
        {!shown && !error && <Waiting />}
        {shown && all.length === 0 && (
          <p className="px-2 py-1 text-text-2 wrap-anywhere">{searching ? t('list.nothing', { query: query.trim() }) : t('list.empty')}</p>
        )}
        {groups.map((group) => (
          <section key={group.title} aria-label={group.title} className="mb-2">
            <h2 className="px-2 py-1 text-xs text-text-2">{group.title}</h2>
            <ul>
              {group.chats.map((chat) => (
                <ChatRow key={chat.id} chat={chat} isOpen={chat.id === openId} isStop={chat.id === stop} />
              ))}
            </ul>
          </section>
        ))}
      </div>
    </div>
  );
}

const Waiting = () => (
  <div className="flex flex-col gap-3 px-2 py-2">
    <Skeleton className="w-40" />
    <Skeleton className="w-32" />
    <Skeleton className="w-36" />
  </div>
);
