/** The search box: it searches while one types. */
import { Search } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useStores } from '../../stores/index.ts';

/** The field; Enter searches at once, arrow down goes to the results. */
export function SearchBox() {
  const { t } = useTranslation('discover');
  const { search } = useStores();
  const query = useStore(search, (state) => state.query);
  return (
    <search className="border-b border-line p-2">
      <label className="flex h-8 items-center gap-2 rounded-md border border-line-strong px-2 has-focus-visible:outline-2 has-focus-visible:outline-accent">
        <Search aria-hidden size={16} className="shrink-0 text-text-3" />
        <span className="sr-only">{t('search')}</span>
        <input
          type="search"
          value={query}
          maxLength={200}
          placeholder={t('placeholder')}
          spellCheck={false}
          onChange={(event) => search.getState().setQuery(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') void search.getState().search();
            if (event.key === 'ArrowDown') {
              event.preventDefault();
              document.querySelector<HTMLElement>('[data-result]')?.focus();
            }
          }}
          className="min-w-0 flex-1 bg-transparent outline-none"
        />
      </label>
    </search>
  );
}
