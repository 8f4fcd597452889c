/** How long to wait before another try, and when there is none. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../shared/result.ts';

export interface Patience {
  /** Milliseconds without a byte after which a connection is dropped. */
  stallMs: number;
  /** The first wait before another try, in milliseconds; it doubles up to 30 s. */
  retryMs: number;
  /** Tries in a row that may bring nothing. */
  tries: number;
}

export interface BackOff {
  /** Waits before another try; throws the fault when it does not pass by itself or nothing has come for too long. Or the signal's reason. */
  wait(fault: Fault, signal: AbortSignal): Promise<void>;
  /** Something came. */
  reset(): void;
}

/** These pass by themselves. */
const passing = new Set(['hub.unreachable', 'hub.rateLimited', 'hub.server', 'hub.badAnswer', 'download.stalled']);
const longestMs = 30_000;

export function createBackOff({ retryMs, tries }: Patience): BackOff {
  let failures = 0;
  return {
    async wait(fault, signal) {
      signal.throwIfAborted();
      if (!passing.has(fault.code) || failures >= tries) throw fault;
      const backOff = Math.min(longestMs, retryMs * 2 ** failures) * (0.5 + Math.random() / 2);
      failures++;
      await sleep(Math.max(backOff, secondsTold(fault) * 1000), undefined, { signal }).catch(() => signal.throwIfAborted());
    },
    reset() {
      failures = 0;
    },
  };
}

/** How long the server asks to wait, in seconds. */
export const secondsTold = ({ data }: Fault): number => (typeof data?.seconds === 'number' ? data.seconds : 0);
