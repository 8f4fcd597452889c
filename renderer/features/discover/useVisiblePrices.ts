/** Prices the rows on screen at the settings on screen, and no others: each new file costs the hub a header. */
import { type RefObject, useCallback, useEffect } from 'react';
import type { ModelDetail } from '../../../shared/schemas/hub.ts';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { useStores } from '../../stores/index.ts';

const same = (left: LoadSettings, right: LoadSettings): boolean => (Object.keys(left) as (keyof LoadSettings)[]).every((key) => left[key] === right[key]);

/** Asks anew 60 ms after the last change of `settings` or scroll of `list`, whose rows carry `data-quantization`. One list is one repository: prices of another are forgotten first. */
export function useVisiblePrices(detail: ModelDetail | undefined, settings: LoadSettings, list: RefObject<HTMLElement | null>): () => void {
  const { prices } = useStores();
  const key = JSON.stringify(settings);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for `settings`, which is a new object each time.
  const ask = useCallback(() => {
    if (!detail || !list.current) return;
    const frame = list.current.getBoundingClientRect();
    const known = prices.getState().prices;
    const visible = [...list.current.querySelectorAll<HTMLElement>('[data-quantization]')].filter((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return bottom >= frame.top && top <= frame.bottom;
    });
    const wanted = detail.quantizations.filter((quantization) => {
      const price = known[quantization.id];
      const done = price && !price.stale && same(price.settings, settings);
      return !quantization.unsupported && !done && visible.some((row) => row.dataset.quantization === quantization.id);
    });
    if (wanted.length === 0) return;
    const sources = wanted.map(({ id }) => [id, { kind: 'hub', repo: detail.id, commit: detail.commit, quantization: id }] as const);
    void prices.getState().ask(Object.fromEntries(sources), settings);
  }, [detail, key, list, prices]);

  useEffect(() => {
    const timer = setTimeout(ask, 60);
    return () => clearTimeout(timer);
  }, [ask]);
  useEffect(() => prices.getState().clear(), [prices]);
  return ask;
}
