/** The settings of a load, each from the nearest place that has one: what is asked now, what was kept for the model, what holds for all. */
import type { LoadSettings } from './schemas/memory.ts';

export type LoadSource = 'request' | 'model' | 'global';

/** Some settings of a load. */
export type LoadPart = { [K in keyof LoadSettings]?: LoadSettings[K] | undefined };

export interface LoadChoice {
  settings: LoadSettings;
  /** Where each value comes from. */
  from: Record<keyof LoadSettings, LoadSource>;
}

/** Request over model over global. */
export function chooseLoad({
  request = {},
  model = {},
  global,
}: {
  request?: LoadPart | undefined;
  model?: LoadPart | undefined;
  global: LoadSettings;
}): LoadChoice {
  const places: [LoadSource, LoadPart][] = [
    ['global', global],
    ['model', model],
    ['request', request],
  ];
  const settings: LoadPart = {};
  const from: Partial<LoadChoice['from']> = {};
  for (const [source, part] of places) {
    for (const [key, value] of Object.entries(part) as [keyof LoadSettings, never][]) {
      if (value === undefined) continue;
      settings[key] = value;
      from[key] = source;
    }
  }
  return { settings: settings as LoadSettings, from: from as LoadChoice['from'] };
}

/** What of `settings` differs from what holds for all: that which is kept for a model. */
export const ownPart = (settings: LoadSettings, global: LoadSettings): LoadPart =>
  Object.fromEntries((Object.entries(settings) as [keyof LoadSettings, unknown][]).filter(([key, value]) => value !== global[key]));
