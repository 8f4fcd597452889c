/** Engines go on without the GPU once its driver has taken one along as it started. */
import { toAppError } from '../../shared/result.ts';
import type { crashCause } from '../../shared/schemas/engine.ts';
import type { Log } from '../log.ts';
import type { EngineProcess, Platform } from '../platform.ts';

export interface GpuGuard {
  start(env?: Record<string, string>): EngineProcess;
  /** Asks a first question, which starts the driver; once more without the GPU where that ended the process. Rejects as `ask` does. */
  ask<T>(ask: () => Promise<T>): Promise<T>;
}

/** Ends that a driver brings about; not those from outside, nor for want of memory. */
const causes: unknown[] = ['badMemory', 'aborted', 'badInstruction', 'deviceLost', 'missingLibrary'] satisfies (typeof crashCause.options)[number][];

/** Holds until the app is closed: the next start tries the GPU again, as its driver may have been mended. */
export function createGpuGuard(start: Platform['startEngine'], log: Pick<Log, 'warn'>): GpuGuard {
  let broken = false;
  return {
    start: (env) => start(broken ? { ATELIER_GPU: 'cpu', ...env } : env),
    async ask(ask) {
      try {
        return await ask();
      } catch (error) {
        const { code, data } = toAppError(error);
        if (broken || code !== 'engine.crashed' || !causes.includes(data?.cause)) throw error;
        broken = true;
        log.warn('The GPU is left alone: its driver ended the engine', data);
        return ask();
      }
    },
  };
}
