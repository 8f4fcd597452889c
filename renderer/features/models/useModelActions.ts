/** What a person can do to models, with what they are told where it cannot be done. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Result } from '../../../shared/result.ts';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { useStores } from '../../stores/index.ts';
import { notifyError, notifyWhile } from '../../ui/toasts.tsx';
import { useRun } from '../../useRun.ts';
import { useModelName } from './useModelName.ts';

export interface ModelActions {
  load(id: string, settings?: LoadSettings): Promise<boolean>;
  loadAsAsked(id: string): Promise<boolean>;
  /** A loaded model answers from now on. */
  use(id: string): Promise<boolean>;
  eject(id: string): Promise<boolean>;
  ejectAll(): Promise<boolean>;
}

/** Load, choose and eject; each answers whether all went well. */
export function useModelActions(): ModelActions {
  const { t } = useTranslation('engine');
  const { engine } = useStores();
  const run = useRun();
  const name = useModelName();
  return useMemo(() => {
    /** A model that is answering never goes for another one: which it is, only the page can name. */
    const begin = async (load: Promise<Result<void>>): Promise<boolean> => {
      const answer = await load;
      const busy = !answer.ok && answer.error.code === 'engine.busy' ? answer.error.data?.modelId : undefined;
      if (typeof busy !== 'string') return run(Promise.resolve(answer));
      notifyError(t('busy', { name: name(busy) }));
      return false;
    };
    /** Said after a second; a load has its own progress from the start. */
    const told = (action: Promise<Result<void>>, words: string): Promise<Result<void>> => {
      notifyWhile(words, action);
      return action;
    };
    const store = engine.getState();
    return {
      load: (id, settings) => begin(store.load(id, settings)),
      loadAsAsked: (id) => begin(store.loadAsAsked(id)),
      use: (id) => begin(told(store.choose(id), t('choosing', { name: name(id) }))),
      eject: (id) => run(told(store.unload(id), t('ejecting', { name: name(id) }))),
      ejectAll: () => run(told(store.unloadAll(), t('ejectingAll'))),
    };
  }, [engine, run, name, t]);
}
