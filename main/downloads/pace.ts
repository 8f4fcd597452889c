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

/** Without a limit until one is set. Who asked first goes on first: connections that were let go all at once would bring their bytes in floods. */
export function createPace(clock = realClock): Pace {
  let rate = 0;
  /** Bytes that were asked for, and how many of them the time that has passed allows; more than those is what the bucket holds. */
  let asked = 0;
  let allowed = 0;
  let filledAt = clock.now();
  const fill = (): void => {
    const now = clock.now();
    allowed = Math.min(asked + rate * burstSeconds, allowed + ((now - filledAt) / 1000) * rate);
    filledAt = now;
  };

  return {
    set(bytesPerSecond) {
      rate = bytesPerSecond;
      allowed = asked;
      filledAt = clock.now();
    },
    async take(bytes, signal) {
      if (rate === 0) return;
      fill();
      asked += bytes;
      const turn = asked;
      // In short steps: a limit that is lifted or raised must not leave a body asleep for what the old one owed.
      while (rate > 0 && allowed < turn) {
        await clock.wait(Math.min(200, Math.max(1, ((turn - allowed) / rate) * 1000)), signal).catch(() => signal.throwIfAborted());
        fill();
      }
    },
  };
}
