/** The filters that are asked for less. */
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Select } from '../../ui/Select.tsx';

/** Billions of parameters. */
const sizes = [1, 2, 4, 8, 14, 24, 32, 70, 120, 400];
/** Tokens. */
const contexts = [8192, 32_768, 131_072, 262_144, 1_048_576];
/** Days since the last change. */
const ages = [7, 30, 90, 365] as const;
export type Age = (typeof ages)[number];

/** A line for each, with what it may be. */
export function MoreFilters() {
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
