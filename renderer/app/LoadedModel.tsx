/** The loaded model in the strip: its name with a menu to load another, and eject. */
import { ChevronUp, CircleAlert, ArrowUpFromLine as Eject } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { usePrediction } from '../features/models/usePrediction.ts';
import { useFormat } from '../i18n.ts';
import { useStores } from '../stores/index.ts';
import { IconButton } from '../ui/Button.tsx';
import { Menu, MenuHeading, MenuItem, MenuLine } from '../ui/Menu.tsx';
import { useRun } from '../useRun.ts';

/** Name, state and menu. */
export function LoadedModel() {
  const { t } = useTranslation();
  const format = useFormat();
  const run = useRun();
  const { engine, library, ui } = useStores();
  const state = useStore(engine, (store) => store.state);
  const models = useStore(library, (store) => store.models) ?? [];
  const id = state.status === 'idle' ? undefined : state.modelId;
  const model = models.find((each) => each.id === id);
  const name = model ? `${model.name} · ${model.label}` : (id?.split('/').at(-1) ?? '');
  const prediction = usePrediction(state);
  const { load, unload } = engine.getState();

  return (
    <div className="flex h-full min-w-0 shrink items-center">
      <Menu
        side="top"
        trigger={
          <button
            type="button"
            aria-label={state.status === 'ready' ? t('strip.switch', { name }) : undefined}
            className="flex h-full min-w-40 items-center gap-1.5 overflow-hidden px-3 hover:bg-surface-2"
          >
            {state.status === 'failed' && <CircleAlert aria-hidden size={14} className="shrink-0 text-too-large" />}
            <span className="truncate tabular-nums">
              {state.status === 'idle' && t('strip.noModel')}
              {state.status === 'ready' && name}
              {state.status === 'failed' && t(/^engine\.(crashed|keepsCrashing)$/.test(state.error.code) ? 'strip.stopped' : 'strip.failed', { name })}
              {state.status === 'loading' && `${t(`stage.${state.stage}`)} ${format.percent(state.progress)} · ${name}`}
            </span>
            <ChevronUp aria-hidden size={14} className="ml-auto shrink-0 text-text-2" />
          </button>
        }
      >
        {prediction.map((line) => (
          <MenuHeading key={line}>{line}</MenuHeading>
        ))}
        <MenuHeading>{models.length > 0 ? t(id === undefined ? 'strip.choose' : 'strip.loadOther') : t('strip.none')}</MenuHeading>
        {models
          .filter((each) => !each.problem && !(state.status === 'ready' && each.id === id))
          .map((each) => (
            <MenuItem key={each.id} detail={`${each.label}  ${format.fileSize(each.size)}`} onClick={() => void run(load(each.id))}>
              {each.name}
            </MenuItem>
          ))}
        <MenuLine />
        {model && <MenuItem onClick={() => ui.getState().openLoadPanel(model.id)}>{t('strip.loadSettings')}</MenuItem>}
        {models.length > 0 ? (
          <MenuItem onClick={() => ui.getState().go('models')}>{t('strip.manage')}</MenuItem>
        ) : (
          <MenuItem onClick={() => ui.getState().go('discover')}>{t('strip.discover')}</MenuItem>
        )}
      </Menu>
      {(state.status === 'ready' || state.status === 'loading') && (
        <IconButton icon={Eject} label={t('strip.ejectNamed', { name })} onClick={() => void run(unload())} className="mr-1" />
      )}
    </div>
  );
}
