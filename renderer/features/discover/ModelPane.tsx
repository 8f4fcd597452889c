/** The chosen model: its facts, the settings to price it for, its quantizations, and its card. */
import { Tabs } from '@base-ui/react/tabs';
import { ArrowLeft, Box, ExternalLink, Eye, Lock, PackageX } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { longestContext } from '../../../shared/contextSteps.ts';
import { licenceOf } from '../../../shared/licence.ts';
import type { ModelDetail } from '../../../shared/schemas/hub.ts';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { activeFilters } from '../../stores/filters.ts';
import { useStores } from '../../stores/index.ts';
import { Badge } from '../../ui/Badge.tsx';
import { IconButton } from '../../ui/Button.tsx';
import { Empty, Problem, Skeleton } from '../../ui/Notice.tsx';
import { LoadFields } from '../models/LoadFields.tsx';
import { sizedName } from './families.ts';
import { HubProblem } from './HubProblem.tsx';
import { ModelCard } from './ModelCard.tsx';
import { Offers } from './Offers.tsx';
import { QuantizationTable } from './QuantizationTable.tsx';
import { StartPage } from './StartPage.tsx';

/** The pane in its faces: nothing searched, nothing chosen, coming, there, not to be had. */
export function ModelPane() {
  const { t } = useTranslation('discover');
  const { model, ui, search, settings: own, prices } = useStores();
  const { repo, detail, error } = useStore(model);
  const searched = useStore(search, (state) => state.query.trim() !== '');
  const filtered = useStore(ui, (state) => activeFilters(state.filters).length > 0);
  const defaults = useStore(own, (state) => state.settings.load);
  const estimate = useStore(prices, (state) => Object.values(state.prices).find(({ estimate }) => estimate)?.estimate);
  const [changed, setChanged] = useState<{ repo: string; settings: LoadSettings }>();

  if (repo === undefined) return searched || filtered ? <Empty icon={Box} title={t('choose.title')} text={t('choose.text')} /> : <StartPage />;
  const name = detail ? sizedName(detail.family, detail.size) : (repo.split('/')[1] ?? repo);
  const maxContext = detail?.contextLength ?? 131_072;
  // Another model is compared at the same settings, but its layers are others.
  const kept = changed && { ...changed.settings, gpuLayers: changed.repo === repo ? changed.settings.gpuLayers : defaults.gpuLayers };
  const wanted = kept ?? defaults;
  const settings = {
    ...wanted,
    contextSize: Math.min(wanted.contextSize, longestContext(maxContext, wanted, estimate?.ropeWays)),
    vision: wanted.vision && detail?.projector !== undefined,
  };

  return (
    <Tabs.Root key={repo} defaultValue="quantizations" className="@container flex h-full flex-col">
      <header className="flex flex-col gap-1.5 border-b border-line px-4 pt-2.5">
        <div className="flex items-center gap-2">
          <IconButton icon={ArrowLeft} label={t('back')} className="min-[721px]:hidden" onClick={() => ui.getState().go('discover')} />
          <h2 className="min-w-0 flex-1 truncate text-xl font-semibold" title={repo}>
            {name}
          </h2>
          <PageLink repo={repo} />
        </div>
        <Offers repo={repo} detail={detail} />
        {detail ? <Facts detail={detail} /> : <div className="flex h-5 items-center">{!error && <Skeleton className="w-80" />}</div>}
        <Tabs.List className="-mb-px flex gap-4">
          {(['quantizations', 'card'] as const).map((tab) => (
            <Tabs.Tab
              key={tab}
              value={tab}
              className="h-8 border-b-2 border-transparent px-0.5 text-text-2 select-none hover:text-text-1 data-active:border-accent data-active:text-text-1"
            >
              {t(`tab.${tab}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </header>
      {error && (
        <div className="p-4">
          <HubProblem error={error} onRetry={() => void model.getState().open(repo, true)} />
        </div>
      )}
      {(detail || !error) && (
        <>
          <Tabs.Panel value="quantizations" className="flex min-h-0 flex-1 flex-col outline-none">
            {detail && !detail.runnable && (
              <div className="px-4 pt-3">
                <Problem text={t('unknownArchitecture', { name: detail.architecture ?? '?' })} />
              </div>
            )}
            <section aria-label={t('settings')} className="border-b border-line px-4 py-2">
              <LoadFields
                value={settings}
                maxContext={maxContext}
                vision={detail?.projector !== undefined}
                scope="price"
                estimate={estimate}
                onChange={(next) => setChanged({ repo, settings: next })}
              />
            </section>
            {detail?.quantizations.length === 0 ? (
              <Empty icon={PackageX} title={t('noQuantizations.title')} text={t('noQuantizations.text')} />
            ) : (
              <QuantizationTable key={repo} detail={detail} settings={settings} />
            )}
          </Tabs.Panel>
          <Tabs.Panel value="card" className="min-h-0 flex-1 overflow-y-auto outline-none">
            {detail && <ModelCard detail={detail} />}
          </Tabs.Panel>
        </>
      )}
    </Tabs.Root>
  );
}

function Facts({ detail }: { detail: ModelDetail }) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const licence = licenceOf(detail.licence);
  const facts = [
    detail.thinking && t('filter.reasoning'),
    detail.tools && t('filter.tools'),
    detail.contextLength !== undefined && t('contextShort', { n: format.context(detail.contextLength) }),
    licence.name !== '' && t('licenceFact', { name: licence.name, use: t(`commercial.${detail.commercial}`) }),
  ].filter((fact) => typeof fact === 'string');
  return (
    <p className="text-text-2 tabular-nums">
      {detail.projector && <Badge icon={Eye}>{t('vision')}</Badge>} {detail.gated !== 'no' && <Badge icon={Lock}>{t('gated')}</Badge>} {facts.join(' · ')}
    </p>
  );
}

/** Only for a hub on the web: the sample hub has no pages. */
function PageLink({ repo }: { repo: string }) {
  const { t } = useTranslation('discover');
  const hub = useStore(useStores().hub, (state) => state.status);
  return (
    <>
      {hub && !hub.sample && hub.endpoint.startsWith('https://') && (
        <a href={`${hub.endpoint}/${repo}`} target="_blank" rel="noreferrer" className="inline-flex shrink-0 items-center gap-1 text-accent hover:underline">
          {t('page')}
          <ExternalLink aria-hidden size={14} />
        </a>
      )}
    </>
  );
}
