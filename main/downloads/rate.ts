/** Bytes per second over the last five seconds. */
const windowMs = 5000;

export interface Rate {
  /** Tells how many bytes there are in all; fewer than before means that some were thrown away. */
  add(total: number, now?: number): void;
  /** Bytes per second; falls to 0 within 5 s when nothing comes. */
  perSecond(now?: number): number;
  reset(): void;
}

/** Times are milliseconds of a clock that never goes back. */
export function createRate(): Rate {
  let samples: { at: number; total: number }[] = [];
  return {
    add(total, now = performance.now()) {
      const last = samples.at(-1);
      if (last && total < last.total) samples = [];
      // A sample each 100 ms is enough, the newest always counts.
      if (last && samples.length > 1 && now - (samples.at(-2)?.at ?? 0) < 100) samples.pop();
      samples.push({ at: now, total });
    },
    perSecond(now = performance.now()) {
      const from = now - windowMs;
      // The last sample before the window is what the window began with.
      const begin = samples.findLastIndex((sample) => sample.at <= from);
      if (begin > 0) samples.splice(0, begin);
      const first = samples[0];
      const last = samples.at(-1);
      if (!first || !last) return 0;
      const span = Math.min(windowMs, Math.max(now - first.at, 500));
      return ((last.total - first.total) / span) * 1000;
    },
    reset() {
      samples = [];
    },
  };
}
