/** Pictures attached to a message that is being written: prepared, in order, each to be moved or removed. */
import { ArrowLeft, ArrowRight, X } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { blobLimit } from '../../../shared/contract/core.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { IconButton } from '../../ui/Button.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { type Attachment, noDraft } from './drafts.ts';
import { type PictureProblem, pixelLimit } from './images/prepare.ts';
import { Place, Thumbnail } from './Pictures.tsx';

/** The pictures of a draft, and the sentences about those that were refused. */
export function ImageTray({ draftId }: { draftId: string }) {
  const { t } = useTranslation('chat');
  const { drafts } = useStores();
  const { attachments, problems } = useStore(drafts, (state) => state.drafts[draftId] ?? noDraft);
  const [moved, setMoved] = useState('');
  const list = useRef<HTMLUListElement>(null);

  const move = (attachment: Attachment, i: number, by: number): void => {
    const to = i + by;
    if (to < 0 || to >= attachments.length) return;
    drafts.getState().move(draftId, attachment.key, by);
    setMoved(t('picture.moved', { name: attachment.name, number: to + 1, total: attachments.length }));
  };
  const onKeyDown = (event: KeyboardEvent, attachment: Attachment, i: number): void => {
    if (event.target !== event.currentTarget) return;
    const item = (n: number) => list.current?.children[n] as HTMLElement | undefined;
    const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (by !== 0 && event.altKey) move(attachment, i, by);
    else if (by !== 0) item(i + by)?.focus();
    else if (event.key === 'Delete' || event.key === 'Backspace') {
      drafts.getState().detach(draftId, attachment.key);
      item(i === attachments.length - 1 ? i - 1 : i + 1)?.focus();
    } else return;
    event.preventDefault();
  };

  return (
    <>
      {problems.length > 0 && (
        <div className="flex max-h-44 shrink-0 flex-col gap-1 overflow-y-auto px-3 pt-3">
          {problems.map((problem, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two files of one name may fail alike.
            <Refused key={i} problem={problem}>
              {i === 0 && <IconButton icon={X} label={t('action.dismiss')} onClick={() => drafts.getState().dismiss(draftId)} />}
            </Refused>
          ))}
        </div>
      )}
      {attachments.length > 0 && (
        <ul ref={list} aria-label={t('picture.attached')} className="flex shrink-0 gap-2 overflow-x-auto px-3 pt-3">
          {attachments.map((attachment, i) => (
            <li
              key={attachment.key}
              // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows, Alt with arrows and Delete work on the picture itself.
              tabIndex={0}
              aria-label={attachment.part ? t('picture.alt', { number: i + 1, name: attachment.name }) : t('picture.preparing', { name: attachment.name })}
              onKeyDown={(event) => onKeyDown(event, attachment, i)}
              className="flex w-34 shrink-0 flex-col rounded-md border border-line bg-surface-1"
            >
              <div className="relative h-20">
                {attachment.part && <Thumbnail part={attachment.part} className="size-full rounded-t-md object-contain" />}
                <Place n={i + 1} />
              </div>
              <Caption attachment={attachment} />
              <div className="mt-auto flex justify-between border-t border-line">
                <IconButton
                  icon={ArrowLeft}
                  label={t('picture.earlier', { name: attachment.name })}
                  disabled={i === 0}
                  onClick={() => move(attachment, i, -1)}
                />
                <IconButton
                  icon={ArrowRight}
                  label={t('picture.later', { name: attachment.name })}
                  disabled={i === attachments.length - 1}
                  onClick={() => move(attachment, i, 1)}
                />
                <IconButton icon={X} label={t('picture.remove', { name: attachment.name })} onClick={() => drafts.getState().detach(draftId, attachment.key)} />
              </div>
            </li>
          ))}
        </ul>
      )}
      <span aria-live="polite" className="sr-only">
        {moved}
      </span>
    </>
  );
}

function Caption({ attachment: { name, part, notes } }: { attachment: Attachment }) {
  const { t } = useTranslation('chat');
  const format = useFormat();
  const lines = part && [
    t('picture.sent', { width: format.count(part.sentWidth), height: format.count(part.sentHeight) }),
    ...notes.map((note) => t(`picture.${note}`, { width: format.count(part.width), height: format.count(part.height) })),
  ];
  return (
    <div className="px-1.5 py-1 text-xs text-text-2">
      <p className="truncate text-text-1" title={name}>
        {name}
      </p>
      {(lines ?? [t('picture.preparing', { name: '' })]).map((line) => (
        <p key={line} className="tabular-nums">
          {line}
        </p>
      ))}
    </div>
  );
}

function Refused({ problem, children }: { problem: PictureProblem; children: ReactNode }) {
  const { t } = useTranslation('chat');
  const format = useFormat();
  const sentence = useErrorSentence();
  const { kind, name } = problem;
  const text =
    kind === 'notStored'
      ? t('picture.notStored', { name, reason: sentence(problem.error) })
      : t(`picture.${kind}`, { name, limit: kind === 'tooLarge' ? `${blobLimit / 2 ** 20} MiB` : format.count(pixelLimit / 1e6) });
  return <Problem text={text}>{children}</Problem>;
}
