/** The engine's state as a person is shown it. */
import { useMemo } from 'react';
import { useStore } from 'zustand/react';
import { chooseLoad } from '../../../shared/loadChoice.ts';
import type { EngineState } from '../../../shared/schemas/engine.ts';
import { loadedModels } from '../../stores/engine.ts';
import { useStores } from '../../stores/index.ts';

/** Core's, but that a load is on its way from the click on, and has failed where core would not begin it and no other model answers. */
export function useEngineState(): EngineState {
  const { engine, settings } = useStores();
  const { state, begins, beginsWith, refused } = useStore(engine);
  const global = useStore(settings, (store) => store.settings.load);
  const own = useStore(settings, (store) => (begins === undefined ? undefined : store.settings.modelLoads[begins]));
  return useMemo(() => {
    const others = loadedModels(state);
    const isBegun = state.status === 'loading' && state.modelId === begins;
    if (begins !== undefined && !isBegun) {
      const { settings: asked } = chooseLoad({ request: beginsWith, model: own, global });
      return { status: 'loading', modelId: begins, asked, stage: 'starting', progress: 0, others };
    }
    if (refused && (state.status === 'idle' || state.status === 'failed')) return { status: 'failed', ...refused, others };
    return state;
  }, [state, begins, beginsWith, own, global, refused]);
}
