/** What the search found; more pages come while one scrolls. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { Eye, Lock, SearchX } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { ModelSummary } from '../../../shared/schemas/hub.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { toHash } from '../../stores/ui.ts';
import { Empty, Skeleton } from '../../ui/Notice.tsx';
import { HubProblem } from './HubProblem.tsx';

const rowHeight = 52;

/** The list; arrow keys, Home and End move in it. */
export function Results() {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const { search, ui } = useStores();
  const { models, busy, error, next } = useStore(search);
  const chosen = useStore(ui, (state) => state.id);
  const scroller = useRef<HTMLDivElement>(null);
  const count = models?.length ?? 0;
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    initialRect: { width: 280, height: 600 },
  });
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;

  useEffect(() => {
    if (next !== undefined && !error && last >= count - 5) void search.getState().more();
  }, [search, next, error, last, count]);

  const move = (event: KeyboardEvent): void => {
    const from = Number(document.activeElement?.getAttribute('data-result') ?? -1);
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: count - 1 }[event.key];
    if (to === undefined || count === 0) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(count - 1, to));
    rows.scrollToIndex(index);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-result="${index}"]`)?.focus());
  };

  const chosenIndex = models?.findIndex((model) => model.id === chosen) ?? -1;
  return (
    <>
      {error && (
        <div className="p-2">
          <HubProblem error={error} onRetry={() => void search.getState().search()} />
        </div>
      )}
      <p role="status" className="h-6 shrink-0 px-3 pt-1.5 text-xs text-text-2 tabular-nums">
        {busy ? t(models && next ? 'loadingMore' : 'searching') : models && !error ? t('found', { count, n: format.count(count) + (next ? '+' : '') }) : ''}
      </p>
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto p-1" aria-busy={busy}>
        {!models && busy && ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((key) => <SkeletonRow key={key} />)}
        {models && count === 0 && !busy && !error && <Empty icon={SearchX} title={t('none.title')} text={t('none.text')} />}
        <ul aria-label={t('results')} onKeyDown={move} className="relative" style={{ height: rows.getTotalSize() }}>
          {items.map((item) => {
            const model = models?.[item.index];
            return (
              model && (
                <li key={model.id} className="absolute inset-x-0 top-0" style={{ height: rowHeight, transform: `translateY(${item.start}px)` }}>
                  <Result model={model} index={item.index} chosen={model.id === chosen} reachable={item.index === Math.max(0, chosenIndex)} />
                </li>
              )
            );
          })}
        </ul>
      </div>
    </>
  );
}

function Result({ model, index, chosen, reachable }: { model: ModelSummary; index: number; chosen: boolean; reachable: boolean }) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  return (
    <a
      href={toHash('discover', model.id)}
      data-result={index}
      tabIndex={reachable ? 0 : -1}
      aria-current={chosen ? 'true' : undefined}
      className="flex h-full flex-col justify-center gap-0.5 rounded-md px-2 select-none hover:bg-surface-1 aria-[current]:bg-surface-2"
    >
      <span className="flex items-center gap-1.5">
        <span className="truncate font-medium" title={model.id}>
          {model.name}
        </span>
        {model.vision && <Eye role="img" aria-label={t('vision')} size={14} className="shrink-0 text-text-2" />}
        {model.gated !== 'no' && <Lock role="img" aria-label={t('gated')} size={14} className="shrink-0 text-text-2" />}
      </span>
      <span className="truncate text-xs text-text-2 tabular-nums">
        {model.owner} · {t('downloads', { count: model.downloads, n: format.compact(model.downloads) })}
      </span>
    </a>
  );
}

const SkeletonRow = () => (
  <div className="flex flex-col justify-center gap-2 px-2" style={{ height: rowHeight }}>
    <Skeleton className="w-3/4" />
    <Skeleton className="h-3 w-1/2" />
  </div>
);
