/** What a person calls a model. */
import { useCallback } from 'react';
import { useStore } from 'zustand/react';
import { useStores } from '../../stores/index.ts';

/** Name and quantization of a library id; of one that is not in the library, its file. */
export function useModelName(): (id: string) => string {
  const { library } = useStores();
  const models = useStore(library, (state) => state.models);
  return useCallback(
    (id) => {
      const model = models?.find((each) => each.id === id);
      return model ? `${model.name} ${model.label}`.trim() : (id.split('/').at(-1) ?? id);
    },
    [models],
  );
}
