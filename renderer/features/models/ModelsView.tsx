/** The models on this computer, and what the disk holds of them. */
import { FileInput, RefreshCw } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { Toggle } from '../../ui/Toggle.tsx';
import { useRun } from '../../useRun.ts';
import { ImportDialog } from './ImportDialog.tsx';
import { ModelList } from './ModelList.tsx';
import { StorageView } from './StorageView.tsx';
import { Tasks } from './Tasks.tsx';
import { type Dropped, useDroppedModels } from './useDroppedModels.ts';

/** The id of the place where storage is shown. */
const storageId = 'storage';

/** The list by name, or storage. The folders are looked through again each time it opens. */
export function ModelsView() {
  const { t } = useTranslation('models');
  const format = useFormat();
  const run = useRun();
  const { library, ui } = useStores();
  const models = useStore(library, (state) => state.models);
  const storage = useStore(ui, (state) => state.id === storageId);
  const [importing, setImporting] = useState<Dropped>();
  const over = useDroppedModels(setImporting);
  const size = sizeOnDisk(models ?? []);
  const note = models && models.length > 0 ? t('summary', { count: models.length, n: format.count(models.length), size: format.fileSize(size) }) : undefined;
  useEffect(() => {
    void library.getState().refresh();
  }, [library]);

  return (
    <Page
      title={t('title')}
      note={note}
      tools={
        <>
          <IconButton icon={RefreshCw} label={t('lookAgain')} onClick={() => void run(library.getState().refresh())} />
          <Toggle pressed={storage} onChange={(pressed) => ui.getState().go('models', pressed ? storageId : undefined)}>
            {t('storage.title')}
          </Toggle>
          <Button icon={FileInput} onClick={() => setImporting({ paths: [], unknown: [] })}>
            {t('import.action')}
          </Button>
        </>
      }
    >
      <Tasks />
      {storage ? <StorageView /> : <ModelList />}
      {over && (
        <div className="pointer-events-none fixed inset-4 z-30 flex items-center justify-center rounded-lg border-2 border-dashed border-accent bg-surface-0">
          <p className="text-lg">{t('import.drop')}</p>
        </div>
      )}
      {importing && <ImportDialog key={JSON.stringify(importing)} dropped={importing} onClose={() => setImporting(undefined)} />}
    </Page>
  );
}

/** Bytes of all; a projector that several models share counts once. */
function sizeOnDisk(models: LibraryModel[]): number {
  const files = models.flatMap(({ files, projector, source }) =>
    [...files, ...(projector ? [projector] : [])].map(({ path, size }) => [`${source.folder} ${path}`, size] as const),
  );
  return [...new Map(files).values()].reduce((sum, size) => sum + size, 0);
}
