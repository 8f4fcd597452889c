/** What a person sent: pictures and plain text, to be copied, edited in place or deleted. */
import { Pencil, RotateCcw, Trash2 } from 'lucide-react';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Turn } from '../../../shared/schemas/chat.ts';
import { useStores } from '../../stores/index.ts';
import { IconButton } from '../../ui/Button.tsx';
import { CopyButton } from './CopyButton.tsx';
import { Edit } from './Edit.tsx';
import { Pager } from './Pager.tsx';
import { Pictures } from './Pictures.tsx';
import { useTurnActions } from './useTurnActions.ts';

/** One question of the thread; `last` when no answer follows. */
export const Question = memo(function Question({ turn, last }: { turn: Turn; last: boolean }) {
  const { t } = useTranslation('chat');
  const { drafts } = useStores();
  const { whyNot, retry, remove } = useTurnActions();
  const [editing, setEditing] = useState(false);

  const pictures = turn.parts.filter((part) => part.type === 'image');
  const text = turn.parts.flatMap((part) => (part.type === 'text' ? part.text : [])).join('\n\n');
  if (editing) return <Edit turn={turn} onDone={() => setEditing(false)} />;
  return (
    <article data-turn aria-label={t('you')} className="group/turn flex min-w-0 flex-col items-end gap-2 pl-12">
      {pictures.length > 0 && <Pictures parts={pictures} />}
      {text !== '' && <p className="max-w-full rounded-lg bg-surface-2 px-3 py-2 wrap-anywhere whitespace-pre-wrap">{text}</p>}
      <div className="-mt-1 flex min-h-7 items-center gap-1 text-xs text-text-3 group-focus-within/turn:text-text-2 group-hover/turn:text-text-2">
        <Pager turn={turn} />
        {last && <IconButton icon={RotateCcw} label={t('action.retry')} whyNot={whyNot} onClick={() => retry(turn)} />}
        <div className="flex gap-1 opacity-0 group-focus-within/turn:opacity-100 group-hover/turn:opacity-100">
          {text !== '' && <CopyButton text={text} />}
          <IconButton
            icon={Pencil}
            label={t('action.edit')}
            whyNot={whyNot}
            onClick={() => {
              drafts.getState().begin(turn.id, turn.parts);
              setEditing(true);
            }}
          />
          <IconButton icon={Trash2} label={t('action.delete')} whyNot={whyNot} onClick={() => remove(turn)} />
        </div>
      </div>
    </article>
  );
});
