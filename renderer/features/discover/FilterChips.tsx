/** Filters that are set, each to be taken away. */
import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useFormat } from '../../i18n.ts';
import type { Filters } from '../../stores/filters.ts';
import { useStores } from '../../stores/index.ts';
import type { Age } from './MoreFilters.tsx';

/** The filters behind the button that are set; a click takes one away. */
export function FilterChips() {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const { ui } = useStores();
  const filters = useStore(ui, (state) => state.filters);
  const { smallest, largest, context, commercial, author, days } = filters;
  const billions = (n: number): string => t('filter.billions', { n: format.count(n) });
  const chips: [words: string, cleared: Partial<Filters>][] = [];
  if (smallest !== undefined && largest !== undefined)
    chips.push([t('filter.between', { from: billions(smallest), to: billions(largest) }), { smallest: undefined, largest: undefined }]);
  else if (smallest !== undefined) chips.push([t('filter.from', { n: billions(smallest) }), { smallest: undefined }]);
  else if (largest !== undefined) chips.push([t('filter.to', { n: billions(largest) }), { largest: undefined }]);
  if (context !== undefined) chips.push([t('filter.contextChip', { n: format.context(context) }), { context: undefined }]);
  if (commercial) chips.push([t('filter.commercial'), { commercial: false }]);
  if (author !== undefined) chips.push([t('by', { owner: author }), { author: undefined }]);
  if (days !== undefined) chips.push([t(`filter.days.${days as Age}`), { days: undefined }]);
  return chips.map(([words, cleared]) => (
    <button
      key={words}
      type="button"
      aria-label={t('filter.remove', { words })}
      onClick={() => ui.getState().filter(cleared)}
      className="inline-flex h-7 max-w-56 items-center gap-1 rounded-md border border-accent bg-accent px-2 text-on-accent select-none"
    >
      <span className="truncate">{words}</span>
      <X aria-hidden size={14} className="shrink-0" />
    </button>
  ));
}
