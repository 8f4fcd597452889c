/** Asks before a model goes to the bin, and names every file that goes; on a disk too full for that, asks whether to delete it for good. */
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
  const [working, setWorking] = useState(false);
  const [full, setFull] = useState(false);
  const name = `${model.name} ${model.label}`;
  const { reference } = model.source;
  useEffect(() => {
    void library
      .getState()
      .removal(model.id)
      .then((answer) => (answer.ok ? setRemoval(answer.value) : setError(answer.error)));
  }, [library, model.id]);

  const remove = async (): Promise<void> => {
    setWorking(true);
    const answer = await library.getState().remove(model.id);
    if (!answer.ok && answer.error.code === 'library.binFull') {
      setFull(true);
      return setWorking(false);
    }
    onClose();
    if (await run(Promise.resolve(answer))) {
      offerUndo(t(reference ? 'remove.unlisted' : 'app:toast.removed', { name }), t('app:action.undo'), () => void run(library.getState().restore(model.id)));
    }
  };
  const removeForGood = (): void => {
    onClose();
    void run(library.getState().remove(model.id, true));
  };
  const size = format.fileSize(removal?.files.reduce((sum, file) => sum + file.size, 0) ?? 0);

  return (
    <Dialog open={!working} onClose={onClose} title={t('remove.title', { name })}>
      <div className="flex flex-col gap-3 overflow-y-auto p-4">
        {error && <Problem text={sentence(error)} />}
        {!error && !removal && <Skeleton className="h-14" />}
        {full && <Problem text={t('remove.full', { size })} />}
        {removal && !full && <p>{reference ? t('remove.reference') : t('remove.text', { size })}</p>}
        {removal && removal.files.length > 0 && <FileList label={t('remove.files')} files={removal.files} />}
        {removal && !reference && removal.stays.length > 0 && (
          <>
            <p className="text-text-2">{t('remove.stays')}</p>
            <FileList label={t('remove.stays')} files={removal.stays} />
          </>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('app:action.cancel')}</Button>
          {full ? (
            <Button kind="danger" onClick={removeForGood}>
              {t('remove.forGood', { size })}
            </Button>
          ) : (
            <Button kind="danger" disabled={!removal} onClick={() => void remove()}>
              {t(reference ? 'remove.unlist' : 'remove.action')}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}
