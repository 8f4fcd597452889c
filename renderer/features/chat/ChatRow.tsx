/** One chat in the sidebar. */
import { Ellipsis, Pencil, Trash2 } from 'lucide-react';
import { type KeyboardEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatSummary } from '../../../shared/schemas/chat.ts';
import { useStores } from '../../stores/index.ts';
import { toHash } from '../../stores/ui.ts';
import { IconButton } from '../../ui/Button.tsx';
import { Menu, MenuItem } from '../../ui/Menu.tsx';
import { offerUndo } from '../../ui/toasts.tsx';
import { useAct } from './useAct.ts';

/** A link to `chat` with its menu; `isStop` is the one that Tab reaches. */
export function ChatRow({ chat, isOpen, isStop }: { chat: ChatSummary; isOpen: boolean; isStop: boolean }) {
  const { t } = useTranslation('chat');
  const { chats, ui } = useStores();
  const act = useAct();
  const [renaming, setRenaming] = useState(false);
  const link = useRef<HTMLAnchorElement>(null);
  const title = chat.title || t('untitled');

  const remove = (): void =>
    act(chats.getState().remove(chat.id), () => {
      if (ui.getState().id === chat.id) ui.getState().go('chat', undefined, true);
      offerUndo(t('deleted.chat', { title }), t('action.undo'), () => act(chats.getState().restore(chat.id)));
    });
  const rename = (name: string | undefined): void => {
    setRenaming(false);
    queueMicrotask(() => link.current?.focus());
    const next = name?.trim();
    if (next && next !== chat.title) act(chats.getState().rename(chat.id, next));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'F2') setRenaming(true);
    else if (event.key === 'Delete') remove();
    else return;
    event.preventDefault();
  };

  if (renaming)
    return (
      <li>
        <Rename title={chat.title} onDone={rename} />
      </li>
    );
  return (
    <li className="group/row relative flex items-center rounded-md hover:bg-surface-2 has-[[aria-current]]:bg-surface-2">
      <a
        ref={link}
        data-chat
        href={toHash('chat', chat.id)}
        tabIndex={isStop ? 0 : -1}
        aria-current={isOpen ? 'page' : undefined}
        title={title}
        onKeyDown={onKeyDown}
        className="flex h-7 min-w-0 flex-1 items-center gap-2 rounded-md px-2 text-text-2 select-none group-hover/row:text-text-1 aria-[current]:text-text-1"
      >
        <span className="min-w-0 flex-1 truncate">{title}</span>
        {chat.running && <span role="img" aria-label={t('list.running')} className="size-1.5 shrink-0 rounded-full bg-accent" />}
      </a>
      <Menu
        trigger={
          <IconButton
            icon={Ellipsis}
            label={t('action.more', { title })}
            tabIndex={isStop ? 0 : -1}
            className="opacity-0 group-focus-within/row:opacity-100 group-hover/row:opacity-100 data-popup-open:opacity-100"
          />
        }
      >
        <MenuItem icon={Pencil} detail="F2" onClick={() => setRenaming(true)}>
          {t('action.rename')}
        </MenuItem>
        <MenuItem icon={Trash2} onClick={remove}>
          {t('action.delete')}
        </MenuItem>
      </Menu>
    </li>
  );
}

/** The title being changed: Enter and leaving keep it, Escape does not. */
function Rename({ title, onDone }: { title: string; onDone(name: string | undefined): void }) {
  const { t } = useTranslation('chat');
  const [name, setName] = useState(title);
  const done = useRef(false);
  const end = (next: string | undefined): void => {
    if (done.current) return;
    done.current = true;
    onDone(next);
  };
  return (
    <input
      // biome-ignore lint/a11y/noAutofocus: the person has just asked to write here.
      autoFocus
      aria-label={t('list.renameLabel')}
      value={name}
      maxLength={200}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setName(event.target.value)}
      onBlur={() => end(name)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Enter') end(name);
        else if (event.key === 'Escape') end(undefined);
      }}
      className="h-7 w-full rounded-md border border-line-strong bg-surface-0 px-2"
    />
  );
}
