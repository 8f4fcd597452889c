/** The models on this computer. */
import { Box } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Empty, Problem, Skeleton } from '../../ui/Notice.tsx';
import { Page } from '../../ui/Page.tsx';
import { ModelRow } from './ModelRow.tsx';

/** The list by name. */
export function ModelsView() {
  const { t } = useTranslation('models');
  const format = useFormat();
  const sentence = useErrorSentence();
  const { library, ui } = useStores();
  const { models, error } = useStore(library);
  const size = models?.reduce((sum, model) => sum + model.size, 0) ?? 0;
  const note = models && models.length > 0 ? t('summary', { count: models.length, n: format.count(models.length), size: format.fileSize(size) }) : undefined;

  return (
    <Page title={t('title')} note={note}>
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
    </Page>
  );
}
