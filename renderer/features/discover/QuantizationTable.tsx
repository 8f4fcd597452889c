/** A row for each quantization: what it takes on disk and in memory, whether it fits, and the way to get it. */

import { Star } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { ModelDetail } from '../../../shared/schemas/hub.ts';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Skeleton } from '../../ui/Notice.tsx';
import { hasGpu } from '../models/machine.ts';
import { QuantizationRow } from './QuantizationRow.tsx';
import { useVisiblePrices } from './useVisiblePrices.ts';

/** The table; skeleton rows hold its place while the repository is read. */
export function QuantizationTable({ detail, settings }: { detail: ModelDetail | undefined; settings: LoadSettings }) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const stores = useStores();
  const prices = useStore(stores.prices, (state) => state.prices);
  const cpuOnly = useStore(stores.hardware, (state) => state.hardware !== undefined && !hasGpu(state.hardware));
  const list = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<string>();
  const ask = useVisiblePrices(detail, settings, list);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const context = format.context(settings.contextSize);
  // Best quality first: the first that fits is the one to take.
  const best = detail?.quantizations.find(({ id }) => {
    const verdict = prices[id]?.estimate?.verdict;
    return verdict === 'fits' || (cpuOnly && verdict === 'ram');
  })?.id;
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
          <tr className="h-7 text-left *:px-1.5 *:font-normal">
            <th scope="col" className="w-37 pl-4!">
              {t('columns.quantization')}
            </th>
            <th scope="col" className="w-20 text-right">
              {t('columns.size')}
            </th>
            <th scope="col">{t('columns.needs', { size: context })}</th>
            <th scope="col" className="w-37 @max-[640px]:w-33">
              {t('columns.verdict')}
            </th>
            <th scope="col" className="w-26 @max-[680px]:hidden">
              {t('columns.quality')}
            </th>
            <th scope="col" className="w-33 pr-4! @max-[640px]:w-32">
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
              best={quantization.id === best}
              open={open === quantization.id}
              onToggle={() => setOpen(open === quantization.id ? undefined : quantization.id)}
              settings={settings}
            />
          ))
        ) : (
          <tbody>
            {['a', 'b', 'c', 'd', 'e', 'f'].map((key) => (
              <tr key={key} className="h-11 border-b border-line *:px-1.5">
                <td className="pl-4!">
                  <Skeleton />
                </td>
                <td>
                  <Skeleton />
                </td>
                <td>
                  <Skeleton />
                </td>
                <td>
                  <Skeleton />
                </td>
                <td className="@max-[680px]:hidden">
                  <Skeleton />
                </td>
                <td className="pr-4!">
                  <Skeleton className="h-7" />
                </td>
              </tr>
            ))}
          </tbody>
        )}
      </table>
      <p className="flex h-9 items-center gap-1.5 px-4 text-xs text-text-2">
        {best !== undefined && (
          <>
            <Star aria-hidden size={12} className="fill-current" />
            {t('best', { size: context })}
          </>
        )}
      </p>
    </div>
  );
}
