/** The cards of this computer, with what is free on them when the view opens. */
import { useEffect } from 'react';
import { useStore } from 'zustand/react';
import type { Card } from '../../../shared/schemas/hardware.ts';
import { useStores } from '../../stores/index.ts';

/** Undefined until they are known. */
export function useCards(): Card[] | undefined {
  const { hardware } = useStores();
  useEffect(() => void hardware.getState().askCards(), [hardware]);
  return useStore(hardware, (state) => state.cards);
}
