/** How many connections there are, on a clock that is turned by hand. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createConnections } from './connections.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Connections that together bring what `rate` says for their number, per second; how many there are after each of these seconds. */
async function watch(rate: (connections: number) => number, seconds: number, most = 8): Promise<number[]> {
  let received = 0;
  let open = 0;
  const abort = new AbortController();
  const connections = createConnections({
    first: 4,
    most,
    take: () => ({ start: 0, end: 1 }),
    received: () => received,
    onChange() {},
    signal: abort.signal,
    async fetch(connection) {
      connection.signal.throwIfAborted();
      connection.accepted(true);
      open++;
      await new Promise((resolve) => setTimeout(resolve, 100));
      received += rate(open) / open / 10;
      open--;
    },
  });
  const done = connections.run().catch(() => {});
  const counts: number[] = [];
  for (let second = 0; second < seconds; second++) {
    await vi.advanceTimersByTimeAsync(1000);
    counts.push(open);
  }
  abort.abort();
  await vi.advanceTimersByTimeAsync(1000);
  await done;
  return counts;
}

test('four are opened, and more as long as each brings more', async () => {
  const counts = await watch((connections) => connections * 20, 20);
  expect(counts[0]).toBe(4);
  expect(counts.at(-1)).toBe(8);
  expect(Math.max(...counts)).toBe(8);
});

test('one that brings nothing is given up, and not tried again at once', async () => {
  const counts = await watch(() => 100, 20);
  expect(Math.max(...counts)).toBe(5);
  expect(counts.slice(8)).toEqual(Array(12).fill(4));
});

test('never more than may be', async () => {
  expect(Math.max(...(await watch((connections) => connections * 20, 20, 2)))).toBe(2);
});

test('a watcher that ends it all as a connection ends is what it ends with, once none is open', async () => {
  const abort = new AbortController();
  let open = 0;
  let told = 0;
  const connections = createConnections({
    first: 2,
    most: 2,
    take: () => ({ start: 0, end: 1 }),
    received: () => 0,
    // As a job does that was stopped.
    onChange() {
      told++;
      abort.signal.throwIfAborted();
    },
    signal: abort.signal,
    async fetch(connection) {
      open++;
      const mine = open;
      await new Promise((resolve) => setTimeout(resolve, 10));
      // The second one begins while the first is waited for already.
      connection.accepted(true);
      connection.broke();
      await new Promise((resolve) => connection.signal.addEventListener('abort', resolve));
      await new Promise((resolve) => setTimeout(resolve, 100 * mine));
      open--;
      connection.signal.throwIfAborted();
    },
  });
  const ended = connections.run().then(
    () => 'well',
    (error: unknown) => [error, open],
  );
  await vi.advanceTimersByTimeAsync(50);
  expect(open).toBe(2);
  abort.abort(new Error('stopped'));
  await vi.advanceTimersByTimeAsync(1000);
  expect(await ended).toEqual([new Error('stopped'), 0]);
  expect(told).toBeGreaterThan(2);
});
