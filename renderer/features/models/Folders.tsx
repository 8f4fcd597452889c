/** Where models are looked for: our folder, the person's, and those of other apps. */
import { FolderPlus, X } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { AppError } from '../../../shared/result.ts';
import { type LibraryPlace, type OtherApp, otherApp } from '../../../shared/schemas/library.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { Switch } from '../../ui/Switch.tsx';
import { useRun } from '../../useRun.ts';
import { appNames } from './apps.ts';
import { FolderField } from './FolderField.tsx';
import { MoveDialog } from './MoveDialog.tsx';

/** The folders with what they hold; apps are switched, folders are added and forgotten. */
export function Folders() {
  const { t } = useTranslation('models');
  const run = useRun();
  const { library } = useStores();
  const places = useStore(library, (state) => state.places);
  const own = places.filter(({ app }) => app === 'atelier' || app === 'folder');
  const ours = places.find(({ app }) => app === 'atelier');
  const [moving, setMoving] = useState(false);
  const apps = otherApp.options.map((app) => ({ app, its: places.filter((place) => place.app === app) })).filter(({ its }) => its.length > 0);

  return (
    <>
      <ul aria-label={t('storage.folders')} className="flex flex-col">
        {own.map((place) => (
          <li key={place.folder} className="flex items-center gap-2 border-b border-line py-2 last:border-b-0">
            <Held place={place} />
            {place.app === 'atelier' && <Button onClick={() => setMoving(true)}>{t('move.open')}</Button>}
            {place.app === 'folder' && (
              <IconButton
                icon={X}
                label={t('storage.forget', { folder: place.folder })}
                onClick={() => void run(library.getState().forgetFolder(place.folder))}
              />
            )}
          </li>
        ))}
      </ul>
      {moving && ours && <MoveDialog from={ours.folder} onClose={() => setMoving(false)} />}
      <AddFolder />
      {apps.length > 0 && (
        <>
          <h3 className="pt-2 font-medium">{t('storage.apps')}</h3>
          <p className="-mt-2 text-xs text-text-2">{t('storage.appsHint')}</p>
          <ul aria-label={t('storage.apps')} className="flex flex-col">
            {apps.map(({ app, its }) => (
              <li key={app} className="flex flex-col gap-1 border-b border-line py-2 last:border-b-0">
                <AppSwitch app={app} shown={its.some(({ shown }) => shown)} />
                {its.map((place) => (
                  <div key={place.folder} className="flex pl-9">
                    <Held place={place} />
                  </div>
                ))}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function AppSwitch({ app, shown }: { app: OtherApp; shown: boolean }) {
  const { t } = useTranslation('models');
  const run = useRun();
  const { library } = useStores();
  return <Switch label={t('storage.showApp', { app: appNames[app] })} checked={shown} onChange={(next) => void run(library.getState().showApp(app, next))} />;
}

function Held({ place: { app, folder, there, shown, models, size } }: { place: LibraryPlace }) {
  const { t } = useTranslation('models');
  const format = useFormat();
  const held = !there
    ? t('storage.notThere')
    : shown
      ? t('summary', { count: models, n: format.count(models), size: format.fileSize(size) })
      : t('storage.hidden');
  return (
    <span className="min-w-0 flex-1">
      <span className="block font-mono text-xs wrap-anywhere">{folder}</span>
      <span className="block text-xs text-text-2 tabular-nums">{app === 'atelier' ? t('storage.ours', { held }) : held}</span>
    </span>
  );
}

function AddFolder() {
  const { t } = useTranslation('models');
  const sentence = useErrorSentence();
  const { library } = useStores();
  const id = useId();
  const [folder, setFolder] = useState('');
  const [error, setError] = useState<AppError>();
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const answer = await library.getState().addFolder(folder.trim());
    setError(answer.ok ? undefined : answer.error);
    if (answer.ok) setFolder('');
  };
  return (
    <form onSubmit={(event) => void add(event)} className="flex flex-col gap-2">
      <label htmlFor={id} className="text-text-2">
        {t('storage.addLabel')}
      </label>
      <div className="flex gap-2">
        <FolderField id={id} value={folder} onChange={setFolder} className="flex-1" />
        <Button icon={FolderPlus} type="submit" disabled={folder.trim() === ''}>
          {t('storage.add')}
        </Button>
      </div>
      {error && <Problem text={sentence(error)} />}
    </form>
  );
}
