/** The settings of a load, each from the nearest place that has one: what is asked now, what was kept for the model, what holds for all. */
import { type Choice, choose, type Part } from './choice.ts';
import { type LoadSettings, usualLoad } from './schemas/memory.ts';

export type LoadSource = 'request' | 'model' | 'global';

/** Some settings of a load. */
export type LoadPart = Part<LoadSettings>;

/** Request over model over global. */
export function chooseLoad(places: { request?: LoadPart | undefined; model?: LoadPart | undefined; global: LoadSettings }): Choice<LoadSettings, LoadSource> {
  return choose<LoadSettings, LoadSource>(['global', places.global], ['model', places.model], ['request', places.request]);
}

/**
 * What of `settings` differs from what holds for all: that which is kept for a model. An absent setting is what it stands for, and is
 * named so where something else holds for all.
 */
export function ownPart(settings: LoadSettings, global: LoadSettings): LoadPart {
  const [own, all]: LoadPart[] = [
    { ...usualLoad, ...settings },
    { ...usualLoad, ...global },
  ];
  return Object.fromEntries((Object.entries(own!) as [keyof LoadSettings, unknown][]).filter(([key, value]) => value !== all![key]));
}
