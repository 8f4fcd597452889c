/** The models by name. */
import { Box } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useErrorSentence } from '../../errorSentence.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Empty, Problem, Skeleton } from '../../ui/Notice.tsx';
import { ModelRow } from './ModelRow.tsx';

/** The list, or what there is in its place. */
export function ModelList() {
  const { t } = useTranslation('models');
  const sentence = useErrorSentence();
  const { library, ui } = useStores();
  const { models, error } = useStore(library);

  return (
    <>
      {error && (
        <div className="p-6 pb-0">
          <Problem text={sentence(error)} />
        </div>
      )}
      {models?.length === 0 && (
        <Empty icon={Box} title={t('empty.title')} text={t('empty.text')}>
          <Button kind="primary" onClick={() => ui.getState().go('discover')}>
            {t('empty.action')}
          </Button>
        </Empty>
      )}
      {!models && !error && (
        <div className="flex flex-col gap-3 p-6" aria-busy>
          <Skeleton className="h-14" />
          <Skeleton className="h-14" />
        </div>
      )}
      {models && models.length > 0 && (
        <ul aria-label={t('list')} className="max-w-240 px-6 py-2">
          {models
            .toSorted((left, right) => left.name.localeCompare(right.name) || right.size - left.size)
            .map((model) => (
              <ModelRow key={model.id} model={model} />
            ))}
        </ul>
      )}
    </>
  );
}
