/** One quantization; it opens in place to the split of its memory. */
import { ChevronRight, Star } from 'lucide-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { badgesOf, quantizationQuality } from '../../../shared/quality.ts';
import type { ModelDetail, Quantization } from '../../../shared/schemas/hub.ts';
import type { ContextLimits, LoadSettings } from '../../../shared/schemas/memory.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import type { Price } from '../../stores/prices.ts';
import { classes } from '../../ui/classes.ts';
import { Skeleton } from '../../ui/Notice.tsx';
import { Verdict } from '../../ui/Verdict.tsx';
import { Split } from '../models/Split.tsx';
import { GetButton } from './GetButton.tsx';
import { LimitAndSpeed } from './LimitAndSpeed.tsx';
import { Needs } from './Needs.tsx';
import { RowFacts } from './RowFacts.tsx';
import { qualitySource } from './rowWords.ts';

interface Props {
  detail: ModelDetail;
  quantization: Quantization;
  price: Price | undefined;
  limits: ContextLimits | undefined;
  /** The one to take: it gets the star. */
  best: boolean;
  open: boolean;
  onToggle(): void;
  settings: LoadSettings;
}

/** The row and, below it, its split while it is open. */
export function QuantizationRow({ detail, quantization, price, limits, best, open, onToggle, settings }: Props) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const sentence = useErrorSentence();
  const hardware = useStore(useStores().hardware, (state) => state.hardware);
  const id = useId();
  const { size, unsupported, files } = quantization;
  const parts = files.length > 1 ? t('parts', { count: files.length, n: format.count(files.length) }) : undefined;
  const label = parts ? `${quantization.label} (${parts})` : quantization.label;
  const estimate = price?.estimate;
  const quality = quantizationQuality(quantization);
  // The label says `UD` and `MXFP4` by itself.
  const badges = badgesOf(quantization.id).filter((badge) => badge === 'imatrix' || badge === 'qat' || !quantization.label.match(/UD|MXFP4/));
  const notes = [parts, ...badges.map((badge) => t(`badge.${badge}`))].filter(Boolean).join(' · ');
  /** What the download brings: the projector comes along. */
  const onDisk = size + (detail.projector?.size ?? 0);

  return (
    <tbody data-quantization={quantization.id} className="border-b border-line hover:bg-surface-1">
      <tr className="h-11 *:px-1.5">
        <th scope="row" className="pl-2.5! text-left font-normal">
          <button
            type="button"
            aria-expanded={open}
            aria-controls={open ? id : undefined}
            aria-label={t('show', { label })}
            disabled={unsupported !== undefined}
            onClick={onToggle}
            className="flex h-9 w-full items-center gap-1 rounded-md px-1"
          >
            <ChevronRight
              aria-hidden
              size={14}
              className={classes('shrink-0 text-text-3 transition-transform', open && 'rotate-90', unsupported && 'invisible')}
            />
            <span className="min-w-0 text-left leading-4">
              <span className="block truncate font-medium @max-[700px]:text-xs" title={label}>
                {quantization.label}
              </span>
              {(best || notes) && (
                <span className="flex items-center gap-1 overflow-hidden text-xs" title={notes}>
                  {best && (
                    <span className="inline-flex items-center gap-1 text-accent @max-[700px]:gap-0.5">
                      <Star aria-hidden size={12} className="shrink-0 fill-current" />
                      <span className={classes(notes !== '' && 'sr-only')}>{t('recommended')}</span>
                    </span>
                  )}
                  <span className="truncate text-text-2">{notes}</span>
                </span>
              )}
            </span>
          </button>
        </th>
        <td className="text-right whitespace-nowrap tabular-nums">{format.fileSize(onDisk)}</td>
        {unsupported ? (
          <td colSpan={3} className="text-text-2">
            {t(`unsupported.${unsupported}`)}
          </td>
        ) : (
          <>
            <td aria-busy={!estimate || price?.stale}>
              <Needs estimate={estimate} stale={price?.stale ?? true} failed={price?.error !== undefined} />
            </td>
            <td className="text-xs">{estimate && <Verdict verdict={estimate.verdict} layers={estimate.layers} />}</td>
            <td className="text-xs leading-4 tabular-nums">
              <LimitAndSpeed limits={limits} estimate={estimate} settings={settings} />
            </td>
          </>
        )}
        <td className="text-xs text-text-2 @max-[700px]:p-0!" title={qualitySource(t, format, quality)}>
          <span className="@max-[700px]:sr-only">{t(`quality.${quality.word}`)}</span>
        </td>
        <td className="pr-4! text-right @max-[700px]:pr-2!">
          {!unsupported && <GetButton detail={detail} quantization={quantization} label={label} settings={settings} size={onDisk} />}
        </td>
      </tr>
      {price?.error && (
        <tr>
          <td colSpan={7} className="px-4 pb-2 pl-8 text-xs text-text-2">
            {sentence(price.error)}
          </td>
        </tr>
      )}
      {open && (
        <tr>
          <td id={id} colSpan={7} className="px-4 pl-8">
            {estimate && hardware ? (
              <>
                <Split label={label} estimate={estimate} hardware={hardware} />
                <RowFacts quantization={quantization} estimate={estimate} limits={limits} />
              </>
            ) : (
              <Skeleton className="my-3 w-1/2" />
            )}
          </td>
        </tr>
      )}
    </tbody>
  );
}
