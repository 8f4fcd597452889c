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
  return Object.fromEntries((Object.entries(own!) as [keyof LoadSettings, unknown][]).filter(([key, value]) => !isEqual(value, all![key])));
}

/** The settings with one of them changed; what an absent one stands for is left out. */
export function withSetting<K extends keyof LoadSettings>(settings: LoadSettings, key: K, value: LoadSettings[K] | undefined): LoadSettings {
  const { [key]: _, ...others } = settings;
  const usual: LoadPart = usualLoad;
  return (value === undefined || isEqual(value, usual[key]) ? others : { ...others, [key]: value }) as LoadSettings;
}

/** Whether a model that was loaded with the one is as it would be with the other; how long it stays unused plays no part. */
export function isSameLoad(one: LoadSettings, other: LoadSettings): boolean {
  return Object.keys({ ...ownPart(one, other), ...ownPart(other, one) }).every((key) => key === 'keepMinutes');
}

const isEqual = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
