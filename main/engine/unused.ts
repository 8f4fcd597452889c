/** Ejects models that nobody has used for a while. */
import type { Engine } from './supervisor.ts';

export interface UnusedOptions {
  engine: Pick<Engine, 'watch' | 'loaded' | 'unload'>;
  /** Minutes without an answer, now and after each change, also of what is kept for a model; 0: never. */
  minutes: AsyncIterable<number>;
  /** What is kept for a model by now; absent: what it was loaded with. */
  own?: (modelId: string) => number | undefined;
  signal: AbortSignal;
  /** Milliseconds of a minute; fewer in tests. */
  minuteMs?: number;
}

/** Until `signal` aborts. The time runs from the end of the load or of the last answer; a model that is answering stays. */
export async function ejectUnused({ engine, minutes, own = () => undefined, signal, minuteMs = 60_000 }: UnusedOptions): Promise<void> {
  let usual = 0;
  let timer: NodeJS.Timeout | undefined;

  /** When each may go, in ms of `performance.now()`. */
  const due = (): { modelId: string; limit: number; at: number }[] =>
    engine
      .loaded()
      .filter(({ answering }) => !answering)
      .map(({ modelId, settings, usedAt }) => ({ modelId, limit: own(modelId) ?? settings.keepMinutes ?? usual, usedAt }))
      .filter(({ limit }) => limit > 0)
      .map(({ modelId, limit, usedAt }) => ({ modelId, limit, at: usedAt + limit * minuteMs }));

  const look = (): void => {
    clearTimeout(timer);
    if (signal.aborted) return;
    const now = performance.now();
    for (const { modelId, limit, at } of due()) if (at <= now) void engine.unload(modelId, limit);
    const next = Math.min(...due().map(({ at }) => at));
    if (next < Infinity) timer = setTimeout(look, Math.max(1, next - performance.now()));
  };

  const follow = async (): Promise<void> => {
    for await (const _ of engine.watch(signal)) look();
  };
  const adapt = async (): Promise<void> => {
    for await (const after of minutes) {
      usual = after;
      look();
    }
  };
  await Promise.all([follow(), adapt()]);
  clearTimeout(timer);
}
