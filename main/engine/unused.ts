/** Ejects a model that nobody has used for a while. */
import type { EngineState } from '../../shared/schemas/engine.ts';
import type { Engine } from './supervisor.ts';

export interface UnusedOptions {
  engine: Pick<Engine, 'watch' | 'state' | 'unload'>;
  /** Minutes without an answer, now and after each change; 0: never. */
  minutes: AsyncIterable<number>;
  signal: AbortSignal;
  /** Milliseconds of a minute; fewer in tests. */
  minuteMs?: number;
}

/** Until `signal` aborts. The time runs from the end of the load or of the last answer; a model that is answering stays. */
export async function ejectUnused({ engine, minutes, signal, minuteMs = 60_000 }: UnusedOptions): Promise<void> {
  let limit = 0;
  let timer: NodeJS.Timeout | undefined;
  let used = performance.now();

  const unused = (state: EngineState): boolean => state.status === 'ready' && !state.answering;
  const set = (): void => {
    clearTimeout(timer);
    if (limit === 0 || signal.aborted || !unused(engine.state())) return;
    timer = setTimeout(() => unused(engine.state()) && void engine.unload(limit), Math.max(0, used + limit * minuteMs - performance.now()));
  };

  const follow = async (): Promise<void> => {
    for await (const _ of engine.watch(signal)) {
      used = performance.now();
      set();
    }
  };
  const adapt = async (): Promise<void> => {
    for await (const after of minutes) {
      if (after === limit) continue;
      limit = after;
      set();
    }
  };
  await Promise.all([follow(), adapt()]);
  clearTimeout(timer);
}
