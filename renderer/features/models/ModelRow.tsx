/** One model on disk: what it is, and load, eject or delete. */
import { BadgeCheck, Brain, Eye, SlidersHorizontal, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Problem } from '../../ui/Notice.tsx';
import { offerUndo } from '../../ui/toasts.tsx';
import { useRun } from '../../useRun.ts';
import { LoadProgress } from './LoadProgress.tsx';
import { usePrediction } from './usePrediction.ts';

/** The row, with the progress of its load below it. */
export function ModelRow({ model }: { model: LibraryModel }) {
  const { t } = useTranslation(['models', 'app']);
  const format = useFormat();
  const sentence = useErrorSentence();
  const run = useRun();
  const { engine, library, ui } = useStores();
  const state = useStore(engine, (store) => store.state);
  const prediction = usePrediction(state);
  const mine = state.status !== 'idle' && state.modelId === model.id;
  const name = `${model.name} ${model.label}`;

  const remove = async (): Promise<void> => {
    if (await run(library.getState().remove(model.id))) {
      offerUndo(t('app:toast.removed', { name }), t('app:action.undo'), () => void run(library.getState().restore(model.id)));
    }
  };

  return (
    <li className="flex flex-col gap-2 border-b border-line py-3">
      <div className="flex items-center gap-2">
        <div className="min-w-0 flex-1">
          <p className="flex items-center gap-2">
            <span className="truncate font-medium" title={model.id}>
              {model.name}
            </span>
            <span className="shrink-0">{model.label}</span>
            {mine && state.status === 'ready' && <Badge icon={BadgeCheck}>{t('loaded')}</Badge>}
            <span className="flex gap-1 @max-[560px]:hidden">
              {model.vision && <Badge icon={Eye}>{t('vision')}</Badge>}
              {model.thinking && <Badge icon={Brain}>{t('thinking')}</Badge>}
            </span>
          </p>
          <p className="truncate text-xs text-text-2 tabular-nums">
            {[format.fileSize(model.size), model.repo, t('context', { n: format.count(model.contextLength) }), model.verified && t('verified')]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </div>
        {mine && state.status === 'ready' ? (
          <Button aria-label={t('ejectNamed', { name })} onClick={() => void run(engine.getState().unload())}>
            {t('eject')}
          </Button>
        ) : (
          <Button
            kind="primary"
            disabled={model.problem !== undefined || (mine && state.status === 'loading')}
            aria-label={t('loadNamed', { name })}
            onClick={() => void run(engine.getState().load(model.id))}
          >
            {t('load')}
          </Button>
        )}
        <IconButton
          icon={SlidersHorizontal}
          label={t('settings', { name })}
          disabled={model.problem !== undefined}
          onClick={() => ui.getState().openLoadPanel(model.id)}
        />
        <IconButton icon={Trash2} label={t('delete', { name })} onClick={() => void remove()} />
      </div>
      {mine && prediction.length > 0 && <p className="text-xs text-text-2 tabular-nums">{prediction.join(' · ')}</p>}
      {model.problem && <Problem text={t(`problem.${model.problem}`)} />}
      {mine && state.status === 'failed' && <Problem text={sentence(state.error)} />}
      {mine && state.status === 'loading' && <LoadProgress state={state} name={name} />}
    </li>
  );
}
