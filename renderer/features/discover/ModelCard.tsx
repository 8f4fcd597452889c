/** What is known of a model, and what its publisher says of it. */
import { Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { licenceOf } from '../../../shared/licence.ts';
import type { ModelDetail } from '../../../shared/schemas/hub.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Boundary } from '../../ui/Boundary.tsx';
import { Facts } from '../../ui/Facts.tsx';
import { lazyPart } from '../../ui/lazyPart.ts';
import { Skeleton } from '../../ui/Notice.tsx';
import { HubProblem } from './HubProblem.tsx';

const Markdown = lazyPart(() => import('../chat/Markdown.tsx').then((module) => module.Markdown));

/** The facts, then the text; its pictures stay with their host until one follows their link. */
export function ModelCard({ detail }: { detail: ModelDetail }) {
  const { t } = useTranslation('discover');
  const { card } = useStores();
  const { repo, markdown, error } = useStore(card);
  const { id, commit } = detail;
  useEffect(() => {
    void card.getState().open(id, commit);
  }, [card, id, commit]);

  const coming = (
    <div aria-busy className="flex flex-col gap-3">
      <Skeleton className="w-1/3" />
      <Skeleton />
      <Skeleton className="w-5/6" />
    </div>
  );
  return (
    <div className="flex max-w-190 flex-col gap-4 p-4">
      <CardFacts detail={detail} />
      <div className="border-t border-line pt-4">
        {repo === id && error ? (
          <HubProblem error={error} onRetry={() => void card.getState().open(id, commit, true)} />
        ) : repo !== id || markdown === undefined ? (
          coming
        ) : markdown.trim() === '' ? (
          <p className="text-text-2">{t('facts.noCard')}</p>
        ) : (
          <Boundary inPlace>
            <Suspense fallback={coming}>
              <Markdown text={markdown} running={false} linkPictures />
            </Suspense>
          </Boundary>
        )}
      </div>
    </div>
  );
}

function CardFacts({ detail }: { detail: ModelDetail }) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const hub = useStore(useStores().hub, (state) => state.status);
  const licence = licenceOf(detail.licence);
  const can = [
    detail.projector && t('vision'),
    detail.tools && t('facts.tools'),
    detail.thinking && t('facts.thinking'),
    detail.system && t('facts.system'),
  ].filter((each) => typeof each === 'string');
  const facts: (readonly [string, string | undefined])[] = [
    [t('facts.publisher'), detail.owner],
    [t('facts.licence'), t('licenceFact', { name: licence.name || t('facts.noLicence'), use: t(`commercial.${detail.commercial}`) })],
    [t('facts.base'), detail.baseModel],
    [t('facts.architecture'), detail.architecture],
    [t('facts.parameters'), detail.parameters === undefined ? undefined : format.compact(detail.parameters)],
    [t('facts.context'), detail.contextLength === undefined ? undefined : t('tokens', { n: format.count(detail.contextLength) })],
    [t('facts.languages'), detail.languages.length > 0 ? languageNames(format.locale, detail.languages) : undefined],
    [t('facts.template'), can.length > 0 ? can.join(', ') : t('facts.plainTemplate')],
    [t('facts.popularity'), t('facts.popular', { downloads: format.count(detail.downloads), likes: format.count(detail.likes) })],
    [t('facts.created'), detail.createdAt && format.day(detail.createdAt)],
    [t('facts.lastCommit'), detail.lastCommitAt && t('facts.commit', { day: format.day(detail.lastCommitAt), commit: detail.commit.slice(0, 7) })],
    [t('facts.security'), detail.security ? t(`facts.scan.${detail.security}`) : t('facts.scan.unknown')],
  ];
  return (
    <>
      <Facts facts={facts.filter((fact): fact is readonly [string, string] => typeof fact[1] === 'string')} />
      {detail.gated !== 'no' && (
        <p>
          {t('facts.gated')}{' '}
          {hub?.endpoint.startsWith('https://') && (
            <a href={`${hub.endpoint}/${detail.id}`} target="_blank" rel="noreferrer" className="font-medium text-accent underline">
              {t('openPage')}
            </a>
          )}
        </p>
      )}
    </>
  );
}

/** Languages by their names where their tags are ones, for at most twelve. */
function languageNames(locale: string, tags: readonly string[]): string {
  const names = new Intl.DisplayNames([locale], { type: 'language' });
  const shown = tags.slice(0, 12).map((tag) => (/^[a-z]{2,3}$/i.test(tag) ? (names.of(tag) ?? tag) : tag));
  return [...shown, ...(tags.length > 12 ? ['…'] : [])].join(', ');
}
