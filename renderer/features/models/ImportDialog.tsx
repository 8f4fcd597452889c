/** Brings a model file from elsewhere into the library. */
import { FolderOpen } from 'lucide-react';
import { type FormEvent, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppError } from '../../../shared/result.ts';
import { type ImportMode, importMode } from '../../../shared/schemas/library.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { Select } from '../../ui/Select.tsx';
import { Tasks } from './Tasks.tsx';
import { type Dropped, droppedOf } from './useDroppedModels.ts';

/** Open for as long as it is there; what takes long goes on when it is closed. */
export function ImportDialog({ dropped, onClose }: { dropped: Dropped; onClose(): void }) {
  const { t } = useTranslation(['models', 'app']);
  const sentence = useErrorSentence();
  const { library } = useStores();
  const id = useId();
  const picker = useRef<HTMLInputElement>(null);
  const [paths, setPaths] = useState(dropped.paths.join('\n'));
  const [mode, setMode] = useState<ImportMode>('reference');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError>();
  const named = paths
    .split('\n')
    .map((path) => path.trim().replace(/^"(.*)"$/, '$1'))
    .filter(Boolean);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    for (const [done, path] of named.entries()) {
      const answer = await library.getState().import(path, mode);
      if (answer.ok) continue;
      setBusy(false);
      setPaths(named.slice(done).join('\n'));
      if (answer.error.code !== 'cancelled') setError(answer.error);
      return;
    }
    onClose();
  };

  return (
    <Dialog open onClose={onClose} title={t('import.title')}>
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3 overflow-y-auto p-4">
        <p className="text-text-2">{t('import.text')}</p>
        {dropped.unknown.length > 0 && <p role="status">{t('import.unknown', { name: dropped.unknown.join(', ') })}</p>}
        <label htmlFor={id} className="text-text-2">
          {t('import.path')}
        </label>
        <div className="flex items-start gap-2">
          <textarea
            id={id}
            rows={Math.min(5, Math.max(1, named.length))}
            value={paths}
            spellCheck={false}
            placeholder={t('import.placeholder')}
            onChange={(event) => setPaths(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !event.shiftKey) {
                event.preventDefault();
                event.currentTarget.form?.requestSubmit();
              }
            }}
            className="min-h-7 min-w-0 flex-1 resize-none rounded-md border border-line-strong bg-surface-0 px-2 py-1 font-mono text-xs"
          />
          {window.atelier && (
            <>
              <Button icon={FolderOpen} onClick={() => picker.current?.click()}>
                {t('import.choose')}
              </Button>
              <input
                ref={picker}
                type="file"
                accept=".gguf"
                multiple
                hidden
                onChange={(event) => setPaths(droppedOf([...(event.target.files ?? [])]).paths.join('\n'))}
              />
            </>
          )}
        </div>
        {!window.atelier && <p className="text-xs text-text-2">{t('import.browser')}</p>}
        <Select<ImportMode>
          label={t('import.mode')}
          showLabel
          value={mode}
          options={importMode.options.map((value) => ({ value, label: t(`import.modes.${value}`), hint: t(`import.hints.${value}`) }))}
          onChange={setMode}
          disabled={busy}
          className="w-64"
        />
        <p className="text-xs text-text-2">{t(`import.hints.${mode}`)}</p>
        {error && <Problem text={sentence(error)} />}
        {busy && <Tasks inDialog />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('app:action.cancel')}</Button>
          <Button kind="primary" type="submit" disabled={busy || named.length === 0}>
            {t('import.action')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
