/** Which model answers the next message, where it is written. */
import { ChevronDown } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { loadedModels, nextModel } from '../../stores/engine.ts';
import { useStores } from '../../stores/index.ts';
import { ModelMenu } from '../models/ModelMenu.tsx';
import { useModelName } from '../models/useModelName.ts';

/** A menu of the models; nothing while none is loaded, as `ModelLine` offers them then. */
export function ModelChoice() {
  const { t } = useTranslation('chat');
  const { engine } = useStores();
  const state = useStore(engine, (store) => store.state);
  const named = useModelName();
  const next = nextModel(state);
  if (loadedModels(state).length === 0) return null;
  const name = next === undefined ? t('model.choose') : named(next);
  return (
    <ModelMenu
      trigger={
        <button
          type="button"
          aria-label={t('model.answers', { name })}
          className="flex h-7 min-w-0 max-w-60 items-center gap-1 rounded-md px-1.5 text-xs text-text-2 select-none hover:bg-surface-2 hover:text-text-1"
        >
          <span className="truncate">{name}</span>
          <ChevronDown aria-hidden size={14} className="shrink-0" />
        </button>
      }
    />
  );
}
