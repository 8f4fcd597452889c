/** What stands between a question and its answer: no model, one that is loading, or one that would not load. */
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { loadedModels } from '../../stores/engine.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { Progress } from '../../ui/Progress.tsx';
import { useEjections } from '../models/useEjections.ts';
import { useEngineState } from '../models/useEngineState.ts';
import { useModelActions } from '../models/useModelActions.ts';

const fullName = (model: LibraryModel): string => `${model.name} ${model.label}`.trim();

/** Nothing once a model is ready. */
export function ModelLine() {
  const { t } = useTranslation('chat');
  const format = useFormat();
  const stores = useStores();
  const sentence = useErrorSentence();
  const { load: begin, use } = useModelActions();
  const { madeRoom } = useEjections();
  const state = useEngineState();
  const models = useStore(stores.library, (library) => library.models);
  if (state.status === 'ready') return null;

  const named = (id: string): string => {
    const model = models?.find((other) => other.id === id);
    return model ? fullName(model) : t('model.unknown');
  };
  const recent = models?.filter((model) => model.problem === undefined).sort((a, b) => b.addedAt.localeCompare(a.addedAt))[0];
  const load = (id: string, words: string) => (
    <Button kind="primary" onClick={() => void begin(id)}>
      {words}
    </Button>
  );

  if (state.status === 'loading') {
    const name = named(state.modelId);
    const words = t(`model.${state.stage}`, { name });
    const gone = madeRoom(state);
    return (
      <div className="px-3 pt-3">
        <div className="flex items-center gap-3">
          <p className="min-w-0 flex-1 truncate text-text-2" role="status">
            {words}
          </p>
          <span aria-hidden className="w-10 text-right text-xs text-text-2 tabular-nums">
            {format.percent(state.progress)}
          </span>
          <Progress label={words} value={state.progress} className="w-32 shrink-0" />
        </div>
        {gone && (
          <p role="status" className="text-xs text-text-2 tabular-nums">
            {gone}
          </p>
        )}
      </div>
    );
  }
  if (state.status === 'failed') {
    const name = named(state.modelId);
    const crashed = state.error.code === 'engine.crashed' || state.error.code === 'engine.keepsCrashing';
    return (
      <div className="px-3 pt-3">
        <Problem text={crashed ? sentence(state.error) : `${t('model.failed', { name })} ${sentence(state.error)}`}>
          {load(state.modelId, crashed ? t('model.load', { name }) : t('model.again'))}
          {loadedModels(state).map(({ modelId }) => (
            <Button key={modelId} onClick={() => void use(modelId)}>
              {t('model.use', { name: named(modelId) })}
            </Button>
          ))}
        </Problem>
      </div>
    );
  }
  const last = models?.find(({ id, problem }) => id === state.last && problem === undefined);
  if (last) {
    const name = fullName(last);
    return (
      <div className="flex min-h-10 items-center gap-3 px-3 pt-3">
        <p className="min-w-0 flex-1 truncate text-text-2">{t('model.waits', { name })}</p>
        {load(last.id, t('model.now'))}
      </div>
    );
  }
  // Until the library is known neither way is offered; the line keeps its height.
  return (
    <div className="flex min-h-10 items-center gap-3 px-3 pt-3">
      <p className="min-w-0 flex-1 text-text-2">{models?.length === 0 ? t('model.noneYet') : t('model.none')}</p>
      {recent && load(recent.id, t('model.load', { name: fullName(recent) }))}
      {models && <Button onClick={() => stores.ui.getState().go('discover')}>{t('model.discover')}</Button>}
    </div>
  );
}
