/** The settings that a load of a model begins with, before anything is changed. */
import { useStore } from 'zustand/react';
import { chooseLoad, type LoadPart } from '../../../shared/loadChoice.ts';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { useStores } from '../../stores/index.ts';

interface LoadBase {
  /** Those for all, as far as the model can have them. */
  global: LoadSettings;
  /** What is kept for the model. */
  own: LoadPart | undefined;
  base: LoadSettings;
}

export function useLoadBase({ id, contextLength, vision }: LibraryModel): LoadBase {
  const { settings } = useStores();
  const all = useStore(settings, (state) => state.settings.load);
  const own = useStore(settings, (state) => state.settings.modelLoads[id]);
  const global = asFarAsItCan(all, { contextLength, vision });
  return { global, own, base: chooseLoad({ model: own, global }).settings };
}

/** Settings as far as a model can have them. */
export const asFarAsItCan = (settings: LoadSettings, { contextLength, vision }: Pick<LibraryModel, 'contextLength' | 'vision'>): LoadSettings => ({
  ...settings,
  contextSize: Math.min(settings.contextSize, contextLength),
  vision: settings.vision && vision,
});
