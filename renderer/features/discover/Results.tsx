/** What the search found, by family; more pages come while one scrolls. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { SearchX } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useFormat } from '../../i18n.ts';
import { activeFilters, noFilters } from '../../stores/filters.ts';
import { useStores } from '../../stores/index.ts';
import { parsePlace } from '../../stores/ui.ts';
import { Button } from '../../ui/Button.tsx';
import { Empty, Skeleton } from '../../ui/Notice.tsx';
import { ago } from './ago.ts';
import { FamilyRow } from './FamilyRow.tsx';
import { HubProblem } from './HubProblem.tsx';
import { useCpuOnly, useFamilies } from './useFamilies.ts';

const rowHeight = 78;
/** Filters that hide most rows would otherwise page through the whole hub. */
const pageByItself = 150;

/** The list; arrow keys, Home and End move over families, left and right over sizes. */
export function Results() {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const { search, ui, traits } = useStores();
  const { models, busy, error, next, cachedAt } = useStore(search);
  const families = useFamilies();
  const filtered = useStore(ui, (state) => activeFilters(state.filters).length > 0);
  const chosen = useStore(ui, (state) => parsePlace(state.id).repo);
  const cpuOnly = useCpuOnly();
  const scroller = useRef<HTMLDivElement>(null);
  const count = families?.length ?? 0;
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => families?.[index]?.name ?? index,
    measureElement: (element) => (element as HTMLElement).offsetHeight || rowHeight,
    overscan: 4,
    initialRect: { width: 280, height: 600 },
  });
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  const found = models?.length ?? 0;
  const checking = families?.some(({ sizes }) => sizes.some((size) => size.checking)) ?? false;
  const wait = filtered && (checking || found >= pageByItself);

  useEffect(() => {
    if (next !== undefined && !error && !wait && last >= count - 5) void search.getState().more();
  }, [search, next, error, wait, last, count]);

  const { startIndex = 0, endIndex = -1 } = rows.range ?? {};
  const wanted = (families ?? [])
    .slice(startIndex, endIndex + 1)
    .flatMap(({ sizes }) => sizes.map(({ models: [model] }) => model.id))
    .join(' ');
  useEffect(() => {
    traits.getState().want('results', wanted === '' ? [] : wanted.split(' '));
  }, [traits, wanted]);
  useEffect(() => () => traits.getState().want('results', []), [traits]);

  const focus = (index: number, size?: number): void => {
    rows.scrollToIndex(index);
    const place = size === undefined ? '[data-current]' : `[data-size="${size}"]`;
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-result="${index}"]${place}`)?.focus());
  };
  const move = (event: KeyboardEvent): void => {
    const { result, size = 0 } = (document.activeElement as HTMLElement | null)?.dataset ?? {};
    const from = Number(result ?? -1);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: count - 1 }[event.key];
    if ((to === undefined && step === undefined) || count === 0) return;
    event.preventDefault();
    const within = (place: number, length: number): number => Math.max(0, Math.min(length - 1, place));
    if (to !== undefined) focus(within(to, count));
    else focus(from, within(Number(size) + (step ?? 0), families?.[from]?.sizes.length ?? 0));
  };

  const chosenIndex = families?.findIndex(({ sizes }) => sizes.some((size) => size.models.some(({ id }) => id === chosen))) ?? -1;
  const status = busy && !families ? t('searching') : busy && next !== undefined && !cachedAt ? t('loadingMore') : busy ? t('searching') : '';
  const left = families?.reduce((sum, { sizes }) => sum + sizes.reduce((all, size) => all + size.models.length, 0), 0) ?? 0;
  const n = format.count(left) + (next === undefined ? '' : '+');
  return (
    <>
      {error && (
        <div className="p-2">
          <HubProblem error={error} onRetry={() => void search.getState().search()} />
        </div>
      )}
      <p role="status" className="min-h-6 shrink-0 px-3 pt-1.5 text-xs text-text-2 tabular-nums">
        {[
          status || (families && (!error || cachedAt) ? `${t('families', { count, n: format.count(count) })}, ${t('found', { count: left, n })}` : ''),
          cachedAt !== undefined && families && t(error ? 'showingFrom' : 'resultsFrom', { ago: ago(format.locale, cachedAt, Date.now()) }),
          checking && t('checking'),
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto p-1" aria-busy={busy}>
        {!families && busy && ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => <SkeletonRow key={key} />)}
        {families && count === 0 && !busy && !error && (
          <Empty icon={SearchX} title={t(filtered ? 'filteredOut.title' : 'none.title')} text={t(filtered ? 'filteredOut.text' : 'none.text')}>
            {filtered && <Button onClick={() => ui.getState().filter(noFilters)}>{t('filter.clear')}</Button>}
          </Empty>
        )}
        <ul aria-label={t('results')} onKeyDown={move} className="relative" style={{ height: rows.getTotalSize() }}>
          {items.map((item) => {
            const family = families?.[item.index];
            return (
              family && (
                <li
                  key={item.key}
                  ref={rows.measureElement}
                  data-index={item.index}
                  className="absolute inset-x-0 top-0 pb-0.5"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <FamilyRow family={family} index={item.index} chosen={chosen} reachable={item.index === Math.max(0, chosenIndex)} cpuOnly={cpuOnly} />
                </li>
              )
            );
          })}
        </ul>
        {wait && !checking && next !== undefined && !busy && (
          <div className="flex justify-center p-2">
            <Button onClick={() => void search.getState().more()}>{t('lookFurther')}</Button>
          </div>
        )}
      </div>
    </>
  );
}

const SkeletonRow = () => (
  <div className="flex flex-col justify-center gap-2 px-2" style={{ height: rowHeight }}>
    <Skeleton className="w-1/2" />
    <Skeleton className="w-3/4" />
    <Skeleton className="h-3 w-2/3" />
  </div>
);
