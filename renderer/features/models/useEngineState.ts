/** The engine's state as a person is shown it. */
import { useMemo } from 'react';
import { useStore } from 'zustand/react';
import type { EngineState } from '../../../shared/schemas/engine.ts';
import { defaultLoadSettings } from '../../../shared/schemas/memory.ts';
import { loadedModels } from '../../stores/engine.ts';
import { useStores } from '../../stores/index.ts';

/** Core's, but that a load is on its way from the click on, and has failed where core would not begin it and no other model answers. */
export function useEngineState(): EngineState {
  const { state, begins, refused } = useStore(useStores().engine);
  return useMemo(() => {
    const others = loadedModels(state);
    const isBegun = state.status === 'loading' && state.modelId === begins;
    if (begins !== undefined && !isBegun) return { status: 'loading', modelId: begins, asked: defaultLoadSettings, stage: 'starting', progress: 0, others };
    if (refused && (state.status === 'idle' || state.status === 'failed')) return { status: 'failed', ...refused, others };
    return state;
  }, [state, begins, refused]);
}
