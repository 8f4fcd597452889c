/** Joining an answer's events. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { Said } from './backend.ts';
import { coalesce } from './coalesce.ts';

async function collect<T>(source: AsyncGenerator<Said, T>): Promise<{ events: Said[]; value: T }> {
  const events: Said[] = [];
  for (;;) {
    const next = await source.next();
    if (next.done) return { events, value: next.value };
    events.push(next.value);
  }
}

test('words of one kind are joined, their order and the result are kept', async () => {
  const { events, value } = await collect(
    coalesce(async (on) => {
      on({ type: 'prompt', processed: 1, total: 2 });
      on({ type: 'prompt', processed: 2, total: 2 });
      for (const letter of 'hmm') on({ type: 'thinking', text: letter });
      for (const letter of 'yes') on({ type: 'text', text: letter });
      return 7;
    }),
  );
  expect(events).toEqual([
    { type: 'prompt', processed: 2, total: 2 },
    { type: 'thinking', text: 'hmm' },
    { type: 'text', text: 'yes' },
  ]);
  expect(value).toBe(7);
});

test('the first word does not wait for the next', async () => {
  const release = Promise.withResolvers<void>();
  const source = coalesce(async (on) => {
    on({ type: 'text', text: 'a' });
    await release.promise;
    on({ type: 'text', text: 'b' });
  });
  expect(await source.next()).toEqual({ done: false, value: { type: 'text', text: 'a' } });
  release.resolve();
  expect(await source.next()).toEqual({ done: false, value: { type: 'text', text: 'b' } });
  expect((await source.next()).done).toBe(true);
});

test('neither does it wait for the progress before it, nor the end for the last words', async () => {
  vi.useFakeTimers();
  try {
    const [read, said, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const source = coalesce(async (on) => {
      on({ type: 'prompt', processed: 2, total: 2 });
      await read.promise;
      on({ type: 'text', text: 'a' });
      await said.promise;
      on({ type: 'text', text: 'b' });
      await over.promise;
    });
    expect((await source.next()).value).toMatchObject({ type: 'prompt' });
    const first = source.next();
    // The reader waits already.
    await vi.advanceTimersByTimeAsync(0);
    read.resolve();
    expect((await first).value).toEqual({ type: 'text', text: 'a' });
    let second: unknown;
    const next = source.next().then((event) => (second = event));
    await vi.advanceTimersByTimeAsync(0);
    said.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(second).toBeUndefined();
    over.resolve();
    await next;
    expect(second).toMatchObject({ value: { type: 'text', text: 'b' } });
    expect((await source.next()).done).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test('a slow reader gets one big event', async () => {
  const written = Promise.withResolvers<void>();
  const source = coalesce(async (on) => {
    for (let i = 0; i < 100; i++) {
      on({ type: 'text', text: 'x' });
      await sleep(0);
    }
    written.resolve();
  });
  await source.next();
  await written.promise;
  const { events } = await collect(source);
  expect(events.length).toBeLessThanOrEqual(2);
});

test('an error comes after the last words', async () => {
  const source = coalesce(async (on) => {
    on({ type: 'text', text: 'last' });
    throw new Error('gone');
  });
  expect((await source.next()).value).toEqual({ type: 'text', text: 'last' });
  await expect(source.next()).rejects.toThrow('gone');
});
