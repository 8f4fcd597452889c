/** The model that answers, in the strip: its name with a menu of the others, eject, and all that are loaded. */
import { ChevronUp, CircleAlert, ArrowUpFromLine as Eject } from 'lucide-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { ModelMenu } from '../features/models/ModelMenu.tsx';
import { useEjections } from '../features/models/useEjections.ts';
import { useEngineState } from '../features/models/useEngineState.ts';
import { useModelActions } from '../features/models/useModelActions.ts';
import { useModelName } from '../features/models/useModelName.ts';
import { usePrediction } from '../features/models/usePrediction.ts';
import { useFormat } from '../i18n.ts';
import { IconButton } from '../ui/Button.tsx';
import { MenuHeading } from '../ui/Menu.tsx';
import { useKeptFocus } from '../ui/useKeptFocus.ts';
import { LoadedModels } from './LoadedModels.tsx';

/** Name, state and menus. */
export function LoadedModel() {
  const { t } = useTranslation();
  const format = useFormat();
  const state = useEngineState();
  const id = state.status === 'idle' ? undefined : state.modelId;
  const name = useModelName()(id ?? '');
  const prediction = usePrediction(state);
  const madeRoom = useEjections().madeRoom(state);
  const { eject } = useModelActions();
  const menu = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const focus = useKeptFocus(box);

  return (
    <div ref={box} {...focus} className="flex h-full min-w-0 shrink items-center">
      <ModelMenu
        trigger={
          <button
            ref={menu}
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
        {[...prediction, ...(madeRoom ? [madeRoom] : [])].map((line) => (
          <MenuHeading key={line}>{line}</MenuHeading>
        ))}
      </ModelMenu>
      {id !== undefined && (state.status === 'ready' || state.status === 'loading') && (
        <IconButton icon={Eject} label={t('strip.ejectNamed', { name })} onClick={() => void eject(id)} className="mr-1" />
      )}
      <LoadedModels beside={menu} />
    </div>
  );
}
