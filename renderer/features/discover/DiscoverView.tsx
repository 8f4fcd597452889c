/** Search the hub, see what each quantization costs, download one. */
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useStores } from '../../stores/index.ts';
import { parsePlace } from '../../stores/ui.ts';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { useRun } from '../../useRun.ts';
import { FilterBar } from './FilterBar.tsx';
import { ModelPane } from './ModelPane.tsx';
import { Results } from './Results.tsx';
import { SearchBox } from './SearchBox.tsx';

/** The results at the left, the chosen model at the right. */
export function DiscoverView() {
  const { t } = useTranslation('discover');
  const run = useRun();
  const { ui, hub, search, model, traits, card, settings } = useStores();
  const repo = useStore(ui, (state) => parsePlace(state.id).repo);
  const sort = useStore(ui, (state) => state.sort);
  const { author, smallest: min, largest: max } = useStore(ui, (state) => state.filters);
  const status = useStore(hub, (state) => state.status);
  const endpoint = status?.endpoint;
  const load = useStore(settings, (state) => (state.known ? JSON.stringify(state.settings.load) : undefined));

  useEffect(() => {
    search.getState().setTerms({ sort, author, parameters: min === undefined && max === undefined ? undefined : { min, max } });
  }, [search, sort, author, min, max]);
  useEffect(() => {
    if (endpoint !== undefined && load !== undefined) traits.getState().holdFor(`${endpoint} ${load}`);
  }, [traits, endpoint, load]);
  useEffect(() => {
    if (endpoint === undefined || !search.getState().from(endpoint)) return;
    card.getState().clear();
    void model.getState().open(model.getState().repo, true);
  }, [search, model, card, endpoint]);
  useEffect(() => {
    void model.getState().open(repo);
  }, [model, repo]);

  return (
    <div className="flex h-full flex-col">
      <h1 className="sr-only">{t('title')}</h1>
      {status?.sample && (
        <div className="flex items-center justify-between gap-4 border-b border-line bg-surface-1 px-4 py-1.5">
          <span>{t('sample.banner')}</span>
          <Button onClick={() => void run(hub.getState().useSample(false))}>{t('sample.back')}</Button>
        </div>
      )}
      <div className={classes('flex flex-wrap items-center gap-2 border-b border-line p-2', repo !== undefined && 'max-[720px]:hidden')}>
        <SearchBox />
        <FilterBar />
      </div>
      <div className="flex min-h-0 flex-1">
        <div
          className={classes(
            'flex w-64 shrink-0 flex-col border-r border-line max-[960px]:w-56 max-[720px]:w-full',
            repo !== undefined && 'max-[720px]:hidden',
          )}
        >
          <Results />
        </div>
        <div className={classes('min-w-0 flex-1', repo === undefined && 'max-[720px]:hidden')}>
          <ModelPane />
        </div>
      </div>
    </div>
  );
}
