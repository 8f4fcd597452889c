/** What is to be shown of the results, and in which order. */
import { SlidersHorizontal } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { SearchSort } from '../../../shared/schemas/hub.ts';
import { activeFilters, noFilters } from '../../stores/filters.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Popover } from '../../ui/Popover.tsx';
import { Select } from '../../ui/Select.tsx';
import { Toggle } from '../../ui/Toggle.tsx';
import { FilterChips } from './FilterChips.tsx';
import { MoreFilters } from './MoreFilters.tsx';

const sorts: SearchSort[] = ['trending', 'downloads', 'likes', 'updated'];
const switches = ['fits', 'vision', 'tools', 'reasoning'] as const;

/** One line that wraps: what is asked most by itself, the rest behind a button, each of them as a chip while it is set. */
export function FilterBar() {
  const { t } = useTranslation('discover');
  const { ui } = useStores();
  const filters = useStore(ui, (state) => state.filters);
  const sort = useStore(ui, (state) => state.sort);
  const { filter, setSort } = ui.getState();
  const active = activeFilters(filters);
  return (
    <section aria-label={t('filter.label')} className="flex flex-[1_1_auto] flex-wrap items-center gap-1.5">
      {switches.map((key) => (
        <Toggle key={key} pressed={filters[key]} onChange={(pressed) => filter({ [key]: pressed })}>
          {t(`filter.${key}`)}
        </Toggle>
      ))}
      <Popover title={t('filter.more')} trigger={<Button icon={SlidersHorizontal}>{t('filter.more')}</Button>}>
        <MoreFilters />
      </Popover>
      <FilterChips />
      {active.length > 0 && (
        <Button kind="quiet" onClick={() => filter(noFilters)}>
          {t('filter.clear')}
        </Button>
      )}
      <div className="ml-auto">
        <Select
          label={t('sort.label')}
          value={sort}
          options={sorts.map((each) => ({ value: each, label: t(`sort.${each}`) }))}
          onChange={setSort}
          className="min-w-28"
        />
      </div>
    </section>
  );
}
