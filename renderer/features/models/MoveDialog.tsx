/** Moves the models folder: says first what that does, or why it cannot be. */
import { type FormEvent, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppError } from '../../../shared/result.ts';
import type { MovePlan } from '../../../shared/schemas/library.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { offerUndo } from '../../ui/toasts.tsx';
import { useRun } from '../../useRun.ts';
import { FolderField } from './FolderField.tsx';
import { Tasks } from './Tasks.tsx';

/** Milliseconds without a key before the folder that was typed is looked at. */
const calm = 300;

/** Open for as long as it is there; a move goes on when it is closed. */
export function MoveDialog({ from, onClose }: { from: string; onClose(): void }) {
  const { t } = useTranslation(['models', 'app']);
  const sentence = useErrorSentence();
  const run = useRun();
  const { library } = useStores();
  const id = useId();
  const [folder, setFolder] = useState('');
  const [plan, setPlan] = useState<MovePlan>();
  const [error, setError] = useState<AppError>();
  const [busy, setBusy] = useState(false);
  const named = folder.trim();

  useEffect(() => {
    setPlan(undefined);
    setError(undefined);
    if (named === '') return;
    let stale = false;
    const timer = setTimeout(async () => {
      const answer = await library.getState().movePlan(named);
      if (stale) return;
      if (answer.ok) setPlan(answer.value);
      else setError(answer.error);
    }, calm);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [library, named]);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!plan) return;
    setBusy(true);
    setError(undefined);
    const answer = await library.getState().move(plan.to);
    setBusy(false);
    if (answer.ok) {
      onClose();
      offerUndo(t('move.done', { folder: plan.to }), t('move.back'), () => void run(library.getState().move(from)));
    } else if (answer.error.code !== 'cancelled') setError(answer.error);
  };

  return (
    <Dialog open onClose={onClose} title={t('move.title')}>
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3 overflow-y-auto p-4">
        {busy ? (
          <>
            <Tasks inDialog />
            <p className="text-text-2">{t('move.goesOn')}</p>
          </>
        ) : (
          <>
            <p className="wrap-anywhere text-text-2">{t('move.now', { folder: from })}</p>
            <label htmlFor={id} className="text-text-2">
              {t('move.to')}
            </label>
            <FolderField id={id} value={folder} describedBy={`${id}-hint`} onChange={setFolder} className="shrink-0" />
            <p id={`${id}-hint`} className="-mt-2 text-xs text-text-2">
              {t('move.hint')}
            </p>
            {plan && <Ahead plan={plan} />}
            {error && <Problem text={sentence(error)} />}
          </>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t(busy ? 'app:action.close' : 'app:action.cancel')}</Button>
          {!busy && (
            <Button kind="primary" type="submit" disabled={!plan}>
              {t('move.action')}
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function Ahead({ plan: { files, size, binned, sameDrive, free } }: { plan: MovePlan }) {
  const { t } = useTranslation('models');
  const format = useFormat();
  return (
    <div role="status" className="flex flex-col gap-2">
      <p className="tabular-nums">
        {t('move.files', { count: files, n: format.count(files), size: format.fileSize(size) })}
        {free !== null && ` · ${t('move.free', { size: format.fileSize(free) })}`}
      </p>
      <p>{t(sameDrive ? 'move.renames' : 'move.copies')}</p>
      {binned > 0 && <p>{t('move.binned', { size: format.fileSize(binned) })}</p>}
      <p className="text-text-2">{t('move.waits')}</p>
    </div>
  );
}
