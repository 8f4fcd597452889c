/** The chosen model: its facts, the settings to price it for, its quantizations. */
import { ArrowLeft, Box, ExternalLink, Eye, Lock, PackageX } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { ModelDetail } from '../../../shared/schemas/hub.ts';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Badge } from '../../ui/Badge.tsx';
import { IconButton } from '../../ui/Button.tsx';
import { Empty, Skeleton } from '../../ui/Notice.tsx';
import { LoadFields } from '../models/LoadFields.tsx';
import { HubProblem } from './HubProblem.tsx';
import { QuantizationTable } from './QuantizationTable.tsx';

/** The pane in its four faces: nothing chosen, coming, there, not to be had. */
export function ModelPane() {
  const { t } = useTranslation('discover');
  const { model, ui } = useStores();
  const { repo, detail, error } = useStore(model);
  const defaults = useStore(useStores().settings, (state) => state.settings.load);
  const [changed, setChanged] = useState<LoadSettings>();

  if (repo === undefined) return <Empty icon={Box} title={t('choose.title')} text={t('choose.text')} />;
  const name = detail?.name ?? repo.split('/')[1] ?? repo;
  const maxContext = detail?.contextLength ?? 131_072;
  const wanted = changed ?? defaults;
  const settings = { ...wanted, contextSize: Math.min(wanted.contextSize, maxContext), vision: wanted.vision && detail?.projector !== undefined };

  return (
    <div className="@container flex h-full flex-col">
      <header className="flex flex-col gap-2 border-b border-line px-4 py-3">
        <div className="flex items-center gap-2">
          <IconButton icon={ArrowLeft} label={t('back')} className="min-[721px]:hidden" onClick={() => ui.getState().go('discover')} />
          <h2 className="min-w-0 flex-1 truncate text-xl font-semibold" title={repo}>
            {name}
          </h2>
          <CardLink repo={repo} />
        </div>
        {detail ? <Facts detail={detail} /> : <div className="flex h-5 items-center">{!error && <Skeleton className="w-80" />}</div>}
      </header>
      {error && (
        <div className="p-4">
          <HubProblem error={error} onRetry={() => void model.getState().open(repo, true)} />
        </div>
      )}
      {(detail || !error) && (
        <>
          <section aria-label={t('settings')} className="border-b border-line px-4 py-2">
            <LoadFields value={settings} maxContext={maxContext} vision={detail?.projector !== undefined} onChange={setChanged} />
          </section>
          {detail?.quantizations.length === 0 ? (
            <Empty icon={PackageX} title={t('noQuantizations.title')} text={t('noQuantizations.text')} />
          ) : (
            <QuantizationTable key={repo} detail={detail} settings={settings} />
          )}
        </>
      )}
    </div>
  );
}

function Facts({ detail }: { detail: ModelDetail }) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const facts = [
    t('by', { owner: detail.owner }),
    detail.parameters !== undefined && t('parameters', { n: format.compact(detail.parameters) }),
    detail.contextLength !== undefined && t('context', { n: format.count(detail.contextLength) }),
    detail.licence,
    t('downloads', { count: detail.downloads, n: format.compact(detail.downloads) }),
    detail.updatedAt !== undefined && t('updated', { day: format.day(detail.updatedAt) }),
  ].filter((fact) => typeof fact === 'string');
  return (
    <p className="text-text-2 tabular-nums">
      {detail.projector && <Badge icon={Eye}>{t('vision')}</Badge>} {detail.gated !== 'no' && <Badge icon={Lock}>{t('gated')}</Badge>} {facts.join(' · ')}
    </p>
  );
}

/** Only for a hub on the web: the sample hub has no pages. */
function CardLink({ repo }: { repo: string }) {
  const { t } = useTranslation('discover');
  const hub = useStore(useStores().hub, (state) => state.status);
  return (
    <>
      {hub && !hub.sample && hub.endpoint.startsWith('https://') && (
        <a href={`${hub.endpoint}/${repo}`} target="_blank" rel="noreferrer" className="inline-flex shrink-0 items-center gap-1 text-accent hover:underline">
          {t('card')}
          <ExternalLink aria-hidden size={14} />
        </a>
      )}
    </>
  );
}
