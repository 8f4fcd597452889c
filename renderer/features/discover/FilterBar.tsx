/** What is to be shown of the results, and in which order. */
import { SlidersHorizontal, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { SearchSort } from '../../../shared/schemas/hub.ts';
import { useFormat } from '../../i18n.ts';
import { activeFilters, type Filters, noFilters } from '../../stores/filters.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Popover } from '../../ui/Popover.tsx';
import { Select } from '../../ui/Select.tsx';
import { Toggle } from '../../ui/Toggle.tsx';

const sorts: SearchSort[] = ['trending', 'downloads', 'likes', 'updated'];
const switches = ['fits', 'vision', 'tools', 'reasoning'] as const;
const sizes = [1, 2, 4, 8, 14, 24, 32, 70, 120, 400];
const contexts = [8192, 32_768, 131_072, 262_144, 1_048_576];
const ages = [7, 30, 90, 365] as const;

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
      <Chips />
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

/** The filters behind the button that are set; a click takes one away. */
function Chips() {
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
  if (days !== undefined) chips.push([t(`filter.days.${days as (typeof ages)[number]}`), { days: undefined }]);
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

function MoreFilters() {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const { ui, search } = useStores();
  const filters = useStore(ui, (state) => state.filters);
  const models = useStore(search, (state) => state.models);
  const { filter } = ui.getState();
  const any = { value: '', label: t('filter.any') };
  const number = (value: string): number | undefined => (value === '' ? undefined : Number(value));
  const billions = (list: number[]) => [any, ...list.map((n) => ({ value: String(n), label: t('filter.billions', { n: format.count(n) }) }))];
  const setAuthor = (text: string): void => {
    const author = text.trim();
    if (author === '' || /^[\w.-]{1,96}$/.test(author)) filter({ author: author || undefined });
  };
  return (
    <div className="grid grid-cols-[max-content_1fr] items-center gap-x-4 gap-y-2">
      <Line label={t('filter.parameters')}>
        <Select
          label={t('filter.smallest')}
          value={String(filters.smallest ?? '')}
          options={billions(sizes.filter((n) => n < (filters.largest ?? Number.POSITIVE_INFINITY)))}
          onChange={(value) => filter({ smallest: number(value) })}
          className="w-24"
        />
        <span aria-hidden>–</span>
        <Select
          label={t('filter.largest')}
          value={String(filters.largest ?? '')}
          options={billions(sizes.filter((n) => n > (filters.smallest ?? 0)))}
          onChange={(value) => filter({ largest: number(value) })}
          className="w-24"
        />
      </Line>
      <Line label={t('filter.context')}>
        <Select
          label={t('filter.context')}
          value={String(filters.context ?? '')}
          options={[any, ...contexts.map((n) => ({ value: String(n), label: t('tokens', { n: format.context(n) }) }))]}
          onChange={(value) => filter({ context: number(value) })}
          className="w-44"
        />
      </Line>
      <Line label={t('filter.licence')}>
        <Select
          label={t('filter.licence')}
          value={filters.commercial ? 'commercial' : ''}
          options={[any, { value: 'commercial', label: t('filter.commercial') }]}
          onChange={(value) => filter({ commercial: value === 'commercial' })}
          className="w-44"
        />
      </Line>
      <Line label={t('filter.updated')}>
        <Select
          label={t('filter.updated')}
          value={String(filters.days ?? '')}
          options={[any, ...ages.map((n) => ({ value: String(n), label: t(`filter.days.${n}`) }))]}
          onChange={(value) => filter({ days: number(value) })}
          className="w-44"
        />
      </Line>
      <Line label={t('filter.publisher')}>
        <input
          key={filters.author ?? ''}
          aria-label={t('filter.publisher')}
          list="publishers"
          defaultValue={filters.author}
          maxLength={96}
          placeholder={t('filter.any')}
          spellCheck={false}
          onKeyDown={(event) => event.key === 'Enter' && setAuthor(event.currentTarget.value)}
          onBlur={(event) => setAuthor(event.currentTarget.value)}
          className="h-7 w-44 rounded-md border border-line-strong bg-surface-0 px-2"
        />
        <datalist id="publishers">
          {[...new Set(models?.map(({ owner }) => owner))].sort().map((owner) => (
            <option key={owner} value={owner} />
          ))}
        </datalist>
      </Line>
    </div>
  );
}

/** A field with its words, which are its accessible name already. */
function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <span aria-hidden className="text-text-2">
        {label}
      </span>
      <span className="flex items-center gap-2">{children}</span>
    </>
  );
}
