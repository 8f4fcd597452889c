/** The search box: it searches while one types, and opens what a whole name or an address means. */
import { Search } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { parseQuery } from '../../../shared/query.ts';
import { useStores } from '../../stores/index.ts';

/** The field; Enter searches at once or opens `owner/name`, arrow down goes to the results. */
export function SearchBox() {
  const { t } = useTranslation('discover');
  const { search, ui } = useStores();
  const query = useStore(search, (state) => state.query);
  const enter = (): void => {
    void search.getState().search();
    const { repo, quantization } = parseQuery(query);
    if (repo !== undefined) ui.getState().go('discover', quantization === undefined ? repo : `${repo}:${quantization}`);
  };
  return (
    <search className="flex-[1_1_180px] min-[961px]:max-w-62">
      <label className="flex h-7 items-center gap-2 rounded-md border border-line-strong px-2 has-focus-visible:outline-2 has-focus-visible:outline-accent">
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
            if (event.key === 'Enter') enter();
            if (event.key === 'ArrowDown') {
              event.preventDefault();
              document.querySelector<HTMLElement>('[data-result][data-current]')?.focus();
            }
          }}
          className="min-w-0 flex-1 bg-transparent outline-none"
        />
      </label>
    </search>
  );
}
