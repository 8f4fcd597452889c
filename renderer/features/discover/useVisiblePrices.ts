/** Prices the rows on screen at the settings on screen, and no others: each new file costs the hub a header. */
import { type RefObject, useCallback, useEffect } from 'react';
import type { MemorySource } from '../../../shared/contract/core.ts';
import type { ModelDetail } from '../../../shared/schemas/hub.ts';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { useStores } from '../../stores/index.ts';

const same = (left: LoadSettings, right: LoadSettings): boolean => (Object.keys(left) as (keyof LoadSettings)[]).every((key) => left[key] === right[key]);

/** ms without a change: for a price, and for the longest contexts, which take many questions. */
const rest = { price: 60, limits: 300 };

/**
 * Asks anew after the last change of `settings` or scroll of `list`, whose rows carry `data-quantization`; the answer is for the
 * list's scroll. One list is one repository: prices of another are forgotten first.
 */
export function useVisiblePrices(detail: ModelDetail | undefined, settings: LoadSettings, list: RefObject<HTMLElement | null>): () => void {
  const { prices, limits } = useStores();
  const key = JSON.stringify(settings);

  const visible = useCallback((): [id: string, source: MemorySource][] => {
    if (!detail || !list.current) return [];
    const frame = list.current.getBoundingClientRect();
    const shown = [...list.current.querySelectorAll<HTMLElement>('[data-quantization]')]
      .filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return bottom >= frame.top && top <= frame.bottom;
      })
      .map((row) => row.dataset.quantization);
    return detail.quantizations
      .filter(({ id, unsupported }) => !unsupported && shown.includes(id))
      .map(({ id }) => [id, { kind: 'hub', repo: detail.id, commit: detail.commit, quantization: id }]);
  }, [detail, list]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for `settings`, which is a new object each time.
  const ask = useCallback(() => {
    const known = prices.getState().prices;
    const wanted = visible().filter(([id]) => {
      const price = known[id];
      return !(price && !price.stale && same(price.settings, settings));
    });
    if (wanted.length > 0) void prices.getState().ask(Object.fromEntries(wanted), settings);
  }, [visible, key, prices]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for `settings`, as above.
  const askLimits = useCallback(() => void limits.getState().ask(Object.fromEntries(visible()), settings), [visible, key, limits]);

  useEffect(() => {
    limits.getState().pause();
    const timers = [setTimeout(ask, rest.price), setTimeout(askLimits, rest.limits)];
    return () => timers.forEach(clearTimeout);
  }, [ask, askLimits, limits]);
  useEffect(() => {
    prices.getState().clear();
    limits.getState().clear();
    return () => limits.getState().pause();
  }, [prices, limits]);
  return useCallback(() => {
    ask();
    askLimits();
  }, [ask, askLimits]);
}
