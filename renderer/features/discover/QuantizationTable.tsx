/** A row for each quantization: what it takes on disk and in memory, whether it fits, and the way to get it. */

import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { recommend } from '../../../shared/recommend.ts';
import type { ModelDetail } from '../../../shared/schemas/hub.ts';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { parsePlace } from '../../stores/ui.ts';
import { Skeleton } from '../../ui/Notice.tsx';
import { QuantizationRow } from './QuantizationRow.tsx';
import { RecommendedLine } from './RecommendedLine.tsx';
import { useVisiblePrices } from './useVisiblePrices.ts';

/** The table; skeleton rows hold its place while the repository is read. */
export function QuantizationTable({ detail, settings }: { detail: ModelDetail | undefined; settings: LoadSettings }) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const stores = useStores();
  const prices = useStore(stores.prices, (state) => state.prices);
  const limits = useStore(stores.limits, (state) => state.limits);
  const named = useStore(stores.ui, (state) => parsePlace(state.id).label)?.toUpperCase();
  const list = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<string>();
  const ask = useVisiblePrices(detail, settings, list);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const context = format.context(settings.contextSize);
  const recommended = useMemo(() => {
    const priced = detail?.quantizations.flatMap((quantization) => {
      const estimate = prices[quantization.id]?.estimate;
      return estimate ? [{ quantization, estimate }] : [];
    });
    return priced && recommend(priced);
  }, [detail, prices]);
  // A place that names a quantization opens its row.
  useEffect(() => {
    const id = named && detail?.quantizations.find((each) => each.label.toUpperCase() === named)?.id;
    if (!id) return;
    setOpen(id);
    const row = list.current?.querySelector<HTMLElement>(`[data-quantization="${CSS.escape(id)}"]`);
    row?.scrollIntoView({ block: 'nearest' });
    row?.querySelector<HTMLElement>('button')?.focus();
  }, [named, detail]);
  useEffect(() => () => clearTimeout(timer.current), []);

  return (
    <div
      ref={list}
      className="min-h-0 flex-1 overflow-y-auto [scrollbar-gutter:stable]"
      onScroll={() => {
        clearTimeout(timer.current);
        timer.current = setTimeout(ask, 120);
      }}
    >
      <table aria-busy={!detail} className="w-full table-fixed border-collapse">
        <caption className="sr-only">{t('quantizations', { name: detail?.name ?? '' })}</caption>
        <thead className="sticky top-0 z-10 bg-surface-0 text-xs text-text-2 shadow-[inset_0_-1px_0_var(--color-line)]">
          <tr className="h-9 text-left *:px-1.5 *:font-normal">
            <th scope="col" className="w-34 pl-4! @max-[700px]:w-31">
              {t('columns.quantization')}
            </th>
            <th scope="col" className="w-18 text-right @max-[700px]:w-17">
              {t('columns.size')}
            </th>
            <th scope="col">{t('columns.needs', { size: context })}</th>
            <th scope="col" className="w-31 @max-[700px]:w-31">
              {t('columns.verdict')}
            </th>
            <th scope="col" className="w-25 leading-4">
              <span className="block">{t('columns.limit')}</span>
              <span className="block">{t('columns.speed')}</span>
            </th>
            {/* Without width rather than hidden: a row that spans every column would bring a hidden one back. */}
            <th scope="col" className="w-21 @max-[700px]:w-0 @max-[700px]:p-0!">
              <span className="@max-[700px]:sr-only">{t('columns.quality')}</span>
            </th>
            <th scope="col" className="w-36 pr-4! @max-[840px]:w-29 @max-[700px]:w-27 @max-[700px]:pr-2!">
              <span className="sr-only">{t('columns.action')}</span>
            </th>
          </tr>
        </thead>
        {detail ? (
          detail.quantizations.map((quantization) => (
            <QuantizationRow
              key={quantization.id}
              detail={detail}
              quantization={quantization}
              price={prices[quantization.id]}
              limits={limits[quantization.id]}
              best={quantization.id === recommended?.id}
              open={open === quantization.id}
              onToggle={() => setOpen(open === quantization.id ? undefined : quantization.id)}
              settings={settings}
            />
          ))
        ) : (
          <ComingRows />
        )}
      </table>
      <RecommendedLine recommended={recommended} />
    </div>
  );
}

const columns = ['pl-4!', '', '', '', '', '@max-[700px]:p-0! @max-[700px]:*:hidden'];

/** Hold the place of the rows. */
const ComingRows = () => (
  <tbody>
    {['a', 'b', 'c', 'd', 'e', 'f'].map((row) => (
      <tr key={row} className="h-11 border-b border-line *:px-1.5">
        {columns.map((className, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place.
          <td key={at} className={className}>
            <Skeleton />
          </td>
        ))}
        <td className="pr-4!">
          <Skeleton className="h-7" />
        </td>
      </tr>
    ))}
  </tbody>
);
