/** What the library is doing that takes long, and what of it went wrong. */
import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { Progress } from '../../ui/Progress.tsx';

/** Nothing while there is nothing. A dialog shows what runs; it has its own place for what went wrong. */
export function Tasks({ inDialog = false }: { inDialog?: boolean }) {
  const { t } = useTranslation(['models', 'app']);
  const format = useFormat();
  const sentence = useErrorSentence();
  const { library } = useStores();
  const all = useStore(library, (state) => state.tasks);
  const tasks = inDialog ? all.filter(({ error }) => !error) : all;
  if (tasks.length === 0) return null;
  return (
    <ul aria-label={t('task.list')} className={inDialog ? 'flex flex-col gap-2' : 'flex max-w-240 flex-col gap-2 px-6 pt-4'}>
      {tasks.map(({ id, kind, name, done, total, error }) => {
        const what = t(`task.${kind}`, { name: kind === 'move' ? name : name.replace(/^.*[\\/]/, '') });
        const end = (): void => void library.getState().endTask(id);
        return (
          <li key={id}>
            {error ? (
              <Problem text={`${what} ${sentence(error)}`}>
                <Button onClick={end}>{t('app:action.dismiss')}</Button>
              </Problem>
            ) : (
              <div className="flex items-center gap-3">
                <div className="min-w-0 flex-1">
                  <p className="flex gap-2 text-xs text-text-2 tabular-nums">
                    <span className="truncate">{what}</span>
                    <span className="ml-auto shrink-0">{t('task.progress', { done: format.fileSize(done), total: format.fileSize(total) })}</span>
                  </p>
                  <Progress label={what} value={total > 0 ? done / total : null} />
                </div>
                <IconButton icon={X} label={t('task.cancel', { what })} onClick={end} />
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
