/** Where a model lies, file by file, and what the Hub has of it by now. */
import { ArrowDownToLine } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { AppError } from '../../../shared/result.ts';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { loadedModels } from '../../stores/engine.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Facts } from '../../ui/Facts.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { offerUndo } from '../../ui/toasts.tsx';
import { useRun } from '../../useRun.ts';
import { appName } from './apps.ts';
import { FileList } from './FileList.tsx';
import { ModelAnswers } from './ModelAnswers.tsx';
import { type Upstream, upstreamOf } from './upstream.ts';

/** Open for as long as it is there. */
export function ModelDetails({ model, onClose }: { model: LibraryModel; onClose(): void }) {
  const { t } = useTranslation('models');
  const format = useFormat();
  const { hub, source, files, projector } = model;
  const facts: [string, string][] = [
    [t('details.source'), t(source.reference ? 'details.reference' : `details.from.${appName(source.app) ? 'app' : 'folder'}`, { app: appName(source.app) })],
    [t('details.folder'), source.folder],
  ];
  if (hub) facts.push([t('details.hub'), `${hub.repo} · ${hub.commit.slice(0, 12)}`]);
  facts.push([t('details.size'), format.fileSize(model.size)]);
  return (
    <Dialog open onClose={onClose} title={`${model.name} ${model.label}`}>
      <div className="flex flex-col gap-4 overflow-y-auto p-4">
        <Facts facts={facts} />
        <FileList label={t('details.files')} files={projector ? [...files, projector] : files} />
        <ModelAnswers model={model} />
        {model.lacksProjector && <p>{t(!hub && isOurs(model) ? 'details.importProjector' : 'details.lacksProjector')}</p>}
        {hub && <OnTheHub model={model} repo={hub.repo} onClose={onClose} />}
      </div>
    </Dialog>
  );
}

/** Its folder may be added to. */
const isOurs = ({ source: { app, reference } }: LibraryModel): boolean => app === 'atelier' || (app === 'folder' && !reference);

/** Asked only when the person wants to know: it tells the Hub which model this is. */
function OnTheHub({ model, repo, onClose }: { model: LibraryModel; repo: string; onClose(): void }) {
  const { t } = useTranslation(['models', 'app']);
  const format = useFormat();
  const sentence = useErrorSentence();
  const run = useRun();
  const { downloads, engine, library, ui } = useStores();
  const loaded = useStore(engine, ({ state }) => loadedModels(state).some(({ modelId }) => modelId === model.id));
  const [asking, setAsking] = useState(false);
  const [found, setFound] = useState<Upstream & { header?: number }>();
  const [error, setError] = useState<AppError>();

  const ask = async (): Promise<void> => {
    setAsking(true);
    setError(undefined);
    const answer = await library.getState().upstream(repo);
    if (answer.ok) {
      const upstream = upstreamOf(model, answer.value);
      const renewal = upstream.state === 'changed' && upstream.download ? await library.getState().renewal(model.id) : undefined;
      setFound({ ...upstream, ...(renewal?.ok && renewal.value.bytes !== null && { header: renewal.value.bytes }) });
    } else setError(answer.error);
    setAsking(false);
  };
  const renew = async (): Promise<void> => {
    onClose();
    if (!(await run(library.getState().renew(model.id)))) return;
    const name = `${model.name} ${model.label}`;
    offerUndo(t('details.renewed', { name }), t('app:action.undo'), () => void run(library.getState().undoRenewal(model.id)));
  };
  const start = async (what: NonNullable<Upstream['download']>): Promise<void> => {
    if (!(await run(downloads.getState().start(what)))) return;
    onClose();
    ui.getState().go('downloads');
  };

  return (
    <div className="flex flex-col items-start gap-3 border-t border-line pt-4">
      {error && <Problem text={sentence(error)} />}
      {!found && (
        <div className="flex flex-wrap gap-2">
          {model.lacksProjector && model.source.app === 'atelier' && (
            <Button kind="primary" disabled={asking} onClick={() => void ask()}>
              {t('details.lookForVision')}
            </Button>
          )}
          <Button disabled={asking} onClick={() => void ask()}>
            {t(asking ? 'details.asking' : 'details.check')}
          </Button>
        </div>
      )}
      {found && (
        <p role="status">
          {found.header === undefined ? t(`details.state.${found.state}`, { size: format.fileSize(found.changed) }) : t('details.state.header')}
        </p>
      )}
      {found?.state === 'same' && model.lacksProjector && found.vision === undefined && <p>{t('details.noProjector')}</p>}
      {found?.header !== undefined && (
        <>
          {loaded && <p className="text-text-2">{t('details.ejectFirst')}</p>}
          <Button kind="primary" icon={ArrowDownToLine} disabled={loaded} onClick={() => void renew()}>
            {t('details.renew', { size: format.fileSize(found.header) })}
          </Button>
        </>
      )}
      {found?.state === 'changed' && found.download && (
        <Button icon={ArrowDownToLine} onClick={() => void start(found.download!)}>
          {t('details.update', { size: format.fileSize(found.changed) })}
        </Button>
      )}
      {found?.vision !== undefined && found.download && (
        <Button kind="primary" icon={ArrowDownToLine} onClick={() => void start(found.download!)}>
          {t('details.addVision', { size: format.fileSize(found.vision) })}
        </Button>
      )}
    </div>
  );
}
