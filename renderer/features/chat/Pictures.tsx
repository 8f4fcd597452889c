/** Sent pictures as numbered thumbnails; one opens to the original and to what the model saw. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImagePart } from '../../../shared/schemas/chat.ts';
import { useFormat } from '../../i18n.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { blobUrl } from './blobUrl.ts';

/** The pictures of a message, in the order sent. */
export function Pictures({ parts }: { parts: ImagePart[] }) {
  const { t } = useTranslation('chat');
  const [open, setOpen] = useState<number>();
  const shown = open === undefined ? undefined : parts[open];
  return (
    <>
      <ul aria-label={t('picture.list')} className="flex flex-wrap justify-end gap-2">
        {parts.map((part, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same picture may be sent twice, and a sent list never changes.
          <li key={i}>
            <button
              type="button"
              aria-label={t('picture.open', { number: i + 1, name: part.name })}
              onClick={() => setOpen(i)}
              className="relative block overflow-hidden rounded-md border border-line bg-surface-1 hover:border-line-strong"
            >
              <Thumbnail part={part} className="size-30 object-contain" />
              <Place n={i + 1} />
            </button>
          </li>
        ))}
      </ul>
      {shown && open !== undefined && <Viewer part={shown} number={open + 1} onClose={() => setOpen(undefined)} />}
    </>
  );
}

/** The place of a picture in its message. */
export const Place = ({ n }: { n: number }) => (
  <span aria-hidden className="absolute top-1 left-1 min-w-4 rounded-sm border border-line bg-surface-0 px-1 text-center text-xs text-text-1 tabular-nums">
    {n}
  </span>
);

/** What the model sees of a picture, small. */
export const Thumbnail = ({ part, className }: { part: ImagePart; className: string }) => (
  <img
    src={blobUrl(part.sent)}
    alt=""
    width={part.sentWidth}
    height={part.sentHeight}
    loading="lazy"
    decoding="async"
    draggable={false}
    className={className}
  />
);

function Viewer({ part, number, onClose }: { part: ImagePart; number: number; onClose(): void }) {
  const { t } = useTranslation('chat');
  const format = useFormat();
  const sides = [
    { key: 'original', sha256: part.original, caption: t('picture.size', { width: format.count(part.width), height: format.count(part.height) }) },
    { key: 'seen', sha256: part.sent, caption: t('picture.sent', { width: format.count(part.sentWidth), height: format.count(part.sentHeight) }) },
  ] as const;
  return (
    <Dialog
      open
      onClose={onClose}
      title={part.name || t('picture.alt', { number, name: '' })}
      className="top-[4vh] max-h-[90vh] w-[min(1120px,calc(100vw-32px))]"
    >
      <div className="grid min-h-0 flex-1 gap-4 overflow-auto p-4 sm:grid-cols-2">
        {sides.map(({ key, sha256, caption }) => (
          <figure key={key} className="flex min-w-0 flex-col gap-1">
            <figcaption className="flex items-baseline justify-between gap-2 text-xs text-text-2">
              <span className="font-medium text-text-1">{t(`picture.${key}`)}</span>
              <span className="tabular-nums">{caption}</span>
            </figcaption>
            <Side sha256={sha256} alt={`${t(`picture.${key}`)}: ${part.name}`} />
          </figure>
        ))}
      </div>
    </Dialog>
  );
}

function Side({ sha256, alt }: { sha256: string; alt: string }) {
  const { t } = useTranslation('chat');
  const [missing, setMissing] = useState(false);
  if (missing) return <p className="rounded-md border border-line p-4 text-text-2">{t('picture.missing')}</p>;
  return (
    <img
      src={blobUrl(sha256)}
      alt={alt}
      onError={() => setMissing(true)}
      className="max-h-[70vh] max-w-full self-start rounded-md border border-line bg-surface-1 object-contain"
    />
  );
}
