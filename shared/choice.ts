/** Settings that come from several places, each from the nearest one that has it. */

/** Some of them. */
export type Part<T> = { [K in keyof T]?: T[K] | undefined };

export interface Choice<T, Source extends string> {
  settings: T;
  /** Where each value comes from. */
  from: { [K in keyof T]: Source };
}

/** The values of the last place that has each; `all`, the first place, has every one. */
export function choose<T, Source extends string>(all: readonly [Source, T], ...nearer: readonly (readonly [Source, Part<T> | undefined])[]): Choice<T, Source> {
  const settings: Part<T> = {};
  const from: { [K in keyof T]?: Source } = {};
  for (const [source, part] of [all, ...nearer]) {
    for (const key of Object.keys(part ?? {}) as (keyof T)[]) {
      const value = part?.[key];
      if (value === undefined) continue;
      settings[key] = value;
      from[key] = source;
    }
  }
  return { settings: settings as T, from: from as Choice<T, Source>['from'] };
}
