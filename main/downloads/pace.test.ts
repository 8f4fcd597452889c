/** A shared limit, on a clock of its own. */
import { expect, test } from 'vitest';
import { createPace } from './pace.ts';

/** Time goes on only when everybody waits. */
function virtualClock() {
  let now = 0;
  const sleepers: { at: number; wake(): void }[] = [];
  return {
    now: () => now,
    wait: (ms: number, signal: AbortSignal): Promise<void> =>
      new Promise((wake, reject) => {
        sleepers.push({ at: now + ms, wake });
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
    /** Lets time pass until `done` settles; the milliseconds that it took. */
    async until(done: Promise<unknown>): Promise<number> {
      const from = now;
      let settled = false;
      void done.finally(() => {
        settled = true;
      });
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (settled) return now - from;
        sleepers.sort((a, b) => a.at - b.at);
        const next = sleepers.shift();
        if (!next) throw new Error('nobody waits, and it is not done');
        now = Math.max(now, next.at);
        next.wake();
      }
    },
  };
}
const never = new AbortController().signal;
const take = async (pace: ReturnType<typeof createPace>, pieces: number, bytes: number): Promise<void> => {
  for (let piece = 0; piece < pieces; piece++) await pace.take(bytes, never);
};

test('without a limit nothing waits', async () => {
  const clock = virtualClock();
  expect(await clock.until(take(createPace(clock), 1000, 1e9))).toBe(0);
});

test('bodies that arrive together share the limit', async () => {
  const clock = virtualClock();
  const pace = createPace(clock);
  pace.set(1_000_000);
  const ms = await clock.until(Promise.all([take(pace, 50, 40_000), take(pace, 50, 40_000), take(pace, 100, 60_000)]));
  expect(ms).toBeGreaterThan(9_700);
  expect(ms).toBeLessThan(10_300);
});

test('bodies that wait go on one after the other, not in a flood', async () => {
  const clock = virtualClock();
  const pace = createPace(clock);
  pace.set(1000);
  const passed: number[] = [];
  await clock.until(Promise.all([1, 2, 3, 4].map(() => pace.take(1000, never).then(() => passed.push(Math.round(clock.now() / 1000))))));
  expect(passed).toEqual([1, 2, 3, 4]);
});

test('a pause does not save up for a flood', async () => {
  const clock = virtualClock();
  const pace = createPace(clock);
  pace.set(1_000_000);
  await clock.until(clock.wait(60_000, never));
  expect(await clock.until(take(pace, 20, 100_000))).toBeGreaterThan(1_700);
});

test('a limit that is lifted lets go at once what waits for it', async () => {
  const clock = virtualClock();
  const pace = createPace(clock);
  pace.set(1000);
  const waiting = pace.take(1_000_000, never);
  pace.set(0);
  expect(await clock.until(waiting)).toBeLessThanOrEqual(200);
});

test('an abort ends the wait with its reason', async () => {
  const abort = new AbortController();
  const pace = createPace();
  pace.set(1);
  const waiting = pace.take(1000, abort.signal);
  const reason = new Error('paused');
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});
