/** Asks before a model goes to the bin, and names every file that goes. */
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppError } from '../../../shared/result.ts';
import type { LibraryModel, LibraryRemoval } from '../../../shared/schemas/library.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Problem, Skeleton } from '../../ui/Notice.tsx';
import { offerUndo } from '../../ui/toasts.tsx';
import { useRun } from '../../useRun.ts';
import { FileList } from './FileList.tsx';

/** Open for as long as it is there. */
export function RemoveDialog({ model, onClose }: { model: LibraryModel; onClose(): void }) {
  const { t } = useTranslation(['models', 'app']);
  const format = useFormat();
  const sentence = useErrorSentence();
  const run = useRun();
  const { library } = useStores();
  const [removal, setRemoval] = useState<LibraryRemoval>();
  const [error, setError] = useState<AppError>();
  const name = `${model.name} ${model.label}`;
  const { reference } = model.source;
  useEffect(() => {
    void library
      .getState()
      .removal(model.id)
      .then((answer) => (answer.ok ? setRemoval(answer.value) : setError(answer.error)));
  }, [library, model.id]);

  const remove = async (): Promise<void> => {
    onClose();
    if (await run(library.getState().remove(model.id))) {
      offerUndo(t(reference ? 'remove.unlisted' : 'app:toast.removed', { name }), t('app:action.undo'), () => void run(library.getState().restore(model.id)));
    }
  };
  const size = removal?.files.reduce((sum, file) => sum + file.size, 0) ?? 0;

  return (
    <Dialog open onClose={onClose} title={t('remove.title', { name })}>
      <div className="flex flex-col gap-3 overflow-y-auto p-4">
        {error && <Problem text={sentence(error)} />}
        {!error && !removal && <Skeleton className="h-14" />}
        {removal && <p>{reference ? t('remove.reference') : t('remove.text', { size: format.fileSize(size) })}</p>}
        {removal && removal.files.length > 0 && <FileList label={t('remove.files')} files={removal.files} />}
        {removal && !reference && removal.stays.length > 0 && (
          <>
            <p className="text-text-2">{t('remove.stays')}</p>
            <FileList label={t('remove.stays')} files={removal.stays} />
          </>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('app:action.cancel')}</Button>
          <Button kind="danger" disabled={!removal} onClick={() => void remove()}>
            {t(reference ? 'remove.unlist' : 'remove.action')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
