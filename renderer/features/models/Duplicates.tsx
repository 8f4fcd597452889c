/** Files that are on the disk more than once. */
import { Link2, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { useRun } from '../../useRun.ts';
import { appName } from './apps.ts';
import { RemoveDialog } from './RemoveDialog.tsx';

/** Equal files in groups: make ours one, or remove one of ours; what other apps have is only named. */
export function Duplicates() {
  const { t } = useTranslation('models');
  const format = useFormat();
  const run = useRun();
  const { library } = useStores();
  const { groups, unknown } = useStore(library, (state) => state.duplicates);
  const models = useStore(library, (state) => state.models);
  const comparing = useStore(library, (state) => state.tasks.some(({ kind, error }) => kind === 'compare' && !error));
  const [removing, setRemoving] = useState<LibraryModel>();

  return (
    <>
      {groups.length === 0 && unknown === 0 && <p className="text-text-2">{t('storage.noDuplicates')}</p>}
      {groups.length > 0 && (
        <ul aria-label={t('storage.duplicates')} className="flex flex-col gap-3">
          {groups.map(({ sha256, size, files, linkable }) => (
            <li key={sha256} className="flex flex-col gap-2 rounded-md border border-line p-3">
              <p className="flex items-center gap-3">
                <span className="min-w-0 flex-1 tabular-nums">
                  {t('storage.same', { count: files.length, n: format.count(files.length), size: format.fileSize(size) })}
                </span>
                {linkable > 0 && (
                  <Button icon={Link2} onClick={() => void run(library.getState().link(sha256))}>
                    {t('storage.link', { size: format.fileSize(linkable) })}
                  </Button>
                )}
              </p>
              <ul className="flex flex-col gap-1 text-xs">
                {files.map(({ path, id, app, name }) => {
                  const model = models?.find((each) => each.id === id);
                  const own = model && !appName(app) && !model.source.reference;
                  return (
                    <li key={path} className="flex items-center gap-2">
                      <span className="min-w-0 flex-1 font-mono wrap-anywhere">{path}</span>
                      {appName(app) && <span className="shrink-0 text-text-2">{appName(app)}</span>}
                      {own && (
                        <Button icon={Trash2} aria-label={t('delete', { name })} onClick={() => setRemoving(model)}>
                          {t('storage.remove')}
                        </Button>
                      )}
                    </li>
                  );
                })}
              </ul>
              {linkable > 0 && <p className="text-xs text-text-2">{t('storage.linkHint')}</p>}
            </li>
          ))}
        </ul>
      )}
      {unknown > 0 && (
        <div className="flex items-center gap-3">
          <p className="min-w-0 flex-1 text-text-2">{t('storage.unknown', { size: format.fileSize(unknown) })}</p>
          <Button disabled={comparing} onClick={() => void run(library.getState().compare())}>
            {t('storage.compare')}
          </Button>
        </div>
      )}
      {removing && <RemoveDialog model={removing} onClose={() => setRemoving(undefined)} />}
    </>
  );
}
