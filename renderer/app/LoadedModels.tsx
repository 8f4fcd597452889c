/** Several loaded models in the strip: what each takes, which one answers, eject one or all. */
import { Check, ChevronUp, ArrowUpFromLine as Eject } from 'lucide-react';
import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { EngineState } from '../../shared/schemas/engine.ts';
import { useMemoryLine } from '../features/models/useMemoryLine.ts';
import { useModelActions } from '../features/models/useModelActions.ts';
import { useModelName } from '../features/models/useModelName.ts';
import { useFormat } from '../i18n.ts';
import { loadedModels } from '../stores/engine.ts';
import { useStores } from '../stores/index.ts';
import { Button, IconButton } from '../ui/Button.tsx';
import { Popover } from '../ui/Popover.tsx';

/** Nothing where no more than the one that answers is loaded; `beside` has the focus when that comes about. */
export function LoadedModels({ beside }: { beside: RefObject<HTMLButtonElement | null> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { engine } = useStores();
  const state = useStore(engine, (store) => store.state);
  const name = useModelName();
  const memory = useMemoryLine();
  const { use, eject, ejectAll } = useModelActions();
  const loaded = loadedModels(state);
  const front = frontOf(state);
  if (!hasOthers(state)) return null;
  const title = t('strip.loaded', { count: loaded.length, n: format.count(loaded.length) });

  return (
    <Popover
      title={title}
      focusAfter={() => hasOthers(engine.getState().state) || beside.current}
      trigger={
        <button type="button" className="flex h-full shrink-0 items-center gap-1.5 border-l border-line px-3 tabular-nums hover:bg-surface-2">
          {title}
          <ChevronUp aria-hidden size={14} className="text-text-2" />
        </button>
      }
    >
      <ul aria-label={title} className="-mx-1.5 w-104 max-w-[calc(100vw-48px)]">
        {loaded.map(({ modelId, model, answering }) => (
          <li key={modelId} className="flex items-center gap-1">
            <button
              type="button"
              aria-pressed={modelId === front}
              onClick={() => modelId !== front && void use(modelId)}
              className="grid min-w-0 flex-1 grid-cols-[16px_minmax(0,1fr)] gap-x-2 rounded-md px-1.5 py-1 text-left hover:bg-surface-2"
            >
              <span className="pt-0.5">{modelId === front && <Check aria-hidden size={14} />}</span>
              <span className="truncate">{name(modelId)}</span>
              <span className="col-start-2 text-xs text-text-2 tabular-nums">
                {[memory(model.memory), answering ? t('strip.answering') : modelId === front && t('strip.next')].filter(Boolean).join(' · ')}
              </span>
            </button>
            <IconButton icon={Eject} label={t('strip.ejectNamed', { name: name(modelId) })} onClick={() => void eject(modelId)} />
          </li>
        ))}
      </ul>
      <div className="mt-2 flex justify-end border-t border-line pt-3">
        <Button onClick={() => void ejectAll()}>{t('strip.ejectAll')}</Button>
      </div>
    </Popover>
  );
}

const frontOf = (state: EngineState): string | undefined => (state.status === 'idle' ? undefined : state.modelId);

const hasOthers = (state: EngineState): boolean => loadedModels(state).some(({ modelId }) => modelId !== frontOf(state));
