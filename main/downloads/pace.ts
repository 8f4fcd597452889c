/** The bandwidth that all downloads share: a bucket that fills steadily and that every piece of a body is taken from. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What may be taken at once after a pause, in seconds of the rate. */
const burstSeconds = 0.25;

export interface Pace {
  /** Bytes per second; 0: no limit. Counts from the next piece on. */
  set(bytesPerSecond: number): void;
  /** Resolves when `bytes` more may be asked for. Rejects with the signal's reason. */
  take(bytes: number, signal: AbortSignal): Promise<void>;
}

export interface PaceClock {
  /** Milliseconds that never go back. */
  now(): number;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

const realClock: PaceClock = { now: () => performance.now(), wait: (ms, signal) => sleep(ms, undefined, { signal }) };

/** Without a limit until one is set. */
export function createPace(clock = realClock): Pace {
  let rate = 0;
  /** What is left in the bucket; below zero it is owed, so that a piece of any size passes and those after it wait. */
  let left = 0;
  let filledAt = clock.now();
  const fill = (): void => {
    const now = clock.now();
    left = Math.min(rate * burstSeconds, left + ((now - filledAt) / 1000) * rate);
    filledAt = now;
  };

  return {
    set(bytesPerSecond) {
      rate = bytesPerSecond;
      left = 0;
      filledAt = clock.now();
    },
    async take(bytes, signal) {
      if (rate === 0) return;
      fill();
      left -= bytes;
      // In short steps: a limit that is lifted or raised must not leave a body asleep for what the old one owed.
      while (rate > 0 && left < 0) {
        await clock.wait(Math.min(200, Math.max(1, (-left / rate) * 1000)), signal).catch(() => signal.throwIfAborted());
        fill();
      }
    },
  };
}
