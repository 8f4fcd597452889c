/** One model on disk: what it is, and load, choose, eject or delete. */
import { BadgeCheck, Brain, Eye, HardDrive, Info, SlidersHorizontal, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import { useFormat } from '../../i18n.ts';
import { loadedModels } from '../../stores/engine.ts';
import { useStores } from '../../stores/index.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button, IconButton } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Problem } from '../../ui/Notice.tsx';
import { appName } from './apps.ts';
import { EngineNotes } from './EngineNotes.tsx';
import { ModelDetails } from './ModelDetails.tsx';
import { RemoveDialog } from './RemoveDialog.tsx';
import { useEngineState } from './useEngineState.ts';
import { useMemoryLine } from './useMemoryLine.ts';
import { useModelActions } from './useModelActions.ts';
import { usePrediction } from './usePrediction.ts';

/** The row, with the progress of its load below it. */
export function ModelRow({ model }: { model: LibraryModel }) {
  const { t } = useTranslation('models');
  const format = useFormat();
  const { load, use, eject } = useModelActions();
  const { ui } = useStores();
  const state = useEngineState();
  const prediction = usePrediction(state);
  const memory = useMemoryLine();
  const mine = state.status !== 'idle' && state.modelId === model.id;
  const all = loadedModels(state);
  const loaded = all.find(({ modelId }) => modelId === model.id);
  const inUse = loaded !== undefined || (mine && state.status === 'loading');
  const held = loaded && (mine && prediction.length > 0 ? prediction.join(' · ') : memory(loaded.model.memory));
  const name = `${model.name} ${model.label}`;

  const app = appName(model.source.app);
  const [open, setOpen] = useState<'details' | 'remove'>();
  const missing = model.problem === 'missingDrive';

  return (
    <li className="flex flex-col gap-2 border-b border-line py-3">
      <div className="flex items-center gap-2">
        <div className={classes('min-w-0 flex-1', missing && 'text-text-3')}>
          <p className="flex items-center gap-2">
            <span className="truncate font-medium" title={model.id}>
              {model.name}
            </span>
            <span className="shrink-0">{model.label}</span>
            {loaded && <Badge icon={BadgeCheck}>{t(mine && all.length > 1 ? 'answers' : 'loaded')}</Badge>}
            {app && <Badge icon={HardDrive}>{app}</Badge>}
            <span className="flex gap-1 @max-[560px]:hidden">
              {model.vision && <Badge icon={Eye}>{t('vision')}</Badge>}
              {model.thinking && <Badge icon={Brain}>{t('thinking')}</Badge>}
            </span>
          </p>
          <p className={classes('truncate text-xs tabular-nums', !missing && 'text-text-2')}>
            {[
              format.fileSize(model.size),
              model.repo || model.source.folder,
              t('context', { n: format.count(model.contextLength) }),
              model.verified && t('verified'),
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </div>
        {loaded && !mine && (
          <Button kind="primary" aria-label={t('useNamed', { name })} onClick={() => void use(model.id)}>
            {t('use')}
          </Button>
        )}
        {loaded ? (
          <Button aria-label={t('ejectNamed', { name })} onClick={() => void eject(model.id)}>
            {t('eject')}
          </Button>
        ) : (
          <Button
            kind="primary"
            disabled={model.problem !== undefined || (mine && state.status === 'loading')}
            focusableWhenDisabled={mine && state.status === 'loading'}
            aria-label={t('loadNamed', { name })}
            onClick={() => void load(model.id)}
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
        <IconButton icon={Info} label={t('details.open', { name })} onClick={() => setOpen('details')} />
        {/* Another app's model is never touched. */}
        {app ? (
          <span className="w-7 shrink-0" />
        ) : (
          <IconButton
            icon={Trash2}
            label={t(inUse ? 'deleteLoaded' : 'delete', { name })}
            disabled={inUse || (missing && !model.source.reference)}
            focusableWhenDisabled={inUse}
            onClick={() => setOpen('remove')}
          />
        )}
      </div>
      {held && <p className="text-xs text-text-2 tabular-nums">{held}</p>}
      {missing && <p className="text-xs text-text-2">{t('problem.missingDrive')}</p>}
      {model.problem && !missing && <Problem text={app ? t('problemElsewhere', { app }) : t(`problem.${model.problem}`)} />}
      <EngineNotes id={model.id} name={name} />
      {open === 'details' && <ModelDetails model={model} onClose={() => setOpen(undefined)} />}
      {open === 'remove' && <RemoveDialog model={model} onClose={() => setOpen(undefined)} />}
    </li>
  );
}
