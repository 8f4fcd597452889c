/** The families on screen in Discover, filtered as the person wants them. */
import { useMemo } from 'react';
import { useStore } from 'zustand/react';
import { useStores } from '../../stores/index.ts';
import { hasGpu } from '../models/machine.ts';
import { type ShownFamily, shownFamilies } from './families.ts';

/** Whether the machine is known to have no GPU. */
export const useCpuOnly = (): boolean => useStore(useStores().hardware, ({ hardware }) => hardware !== undefined && !hasGpu(hardware));

/** The families; undefined until the first answer. */
export function useFamilies(): ShownFamily[] | undefined {
  const { search, traits, ui } = useStores();
  const models = useStore(search, (state) => state.models);
  const known = useStore(traits, (state) => state.traits);
  const filters = useStore(ui, (state) => state.filters);
  const cpuOnly = useCpuOnly();
  return useMemo(() => models && shownFamilies(models, known, filters, cpuOnly), [models, known, filters, cpuOnly]);
}
