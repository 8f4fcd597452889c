/** Whether the window is too narrow for the whole sidebar. */
import { useSyncExternalStore } from 'react';

const query = '(max-width: 900px)';

/** True at 900 px and below. */
export const useNarrow = (): boolean =>
  useSyncExternalStore(
    (changed) => {
      const media = window.matchMedia(query);
      media.addEventListener('change', changed);
      return () => media.removeEventListener('change', changed);
    },
    () => window.matchMedia(query).matches,
  );
