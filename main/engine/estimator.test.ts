import { expect, test } from 'vitest';
import { control } from '../../shared/contract/control.ts';
import type { Handlers } from '../../shared/rpc/define.ts';
import { portPair } from '../../shared/rpc/port.ts';
import { serve } from '../../shared/rpc/serve.ts';
import type { EngineProcess } from '../platform.ts';
import { createEstimator } from './estimator.ts';

/** Engine processes that answer about the hardware at once and never finish a measurement. */
function slowCard(hardware: () => unknown = () => ({ backend: 'vulkan' })) {
  let alive = 0;
  const start = (): EngineProcess => {
    alive++;
    const [near, far] = portPair();
    const ended = Promise.withResolvers<{ code: number | null; signal: string | null; lastWords: string }>();
    const handlers = { hardware, bandwidth: () => new Promise(() => {}) };
    serve(control, handlers as unknown as Handlers<typeof control>, far);
    let killed = false;
    const kill = (): void => {
      if (killed) return;
      killed = true;
      alive--;
      near.close();
      ended.resolve({ code: null, signal: 'SIGKILL', lastWords: '' });
    };
    return { port: near, exited: ended.promise, kill };
  };
  return { start, alive: () => alive };
}

test('a measurement that takes too long holds nothing up, is given up, and leaves no process', async () => {
  const { start, alive } = slowCard();
  const estimator = createEstimator(start, 60_000, 50);
  const measured = estimator.bandwidth(true);
  expect(await estimator.hardware('/')).toEqual({ backend: 'vulkan' });
  await expect(measured).rejects.toMatchObject({ code: 'engine.busy' });
  expect(alive()).toBe(1);
  await estimator.close();
  expect(alive()).toBe(0);
});

test('closing ends a measurement that is under way', async () => {
  const { start, alive } = slowCard();
  const estimator = createEstimator(start);
  const measured = estimator.bandwidth(true);
  measured.catch(() => {});
  await estimator.close();
  expect(alive()).toBe(0);
  await expect(measured).rejects.toMatchObject({ code: 'engine.busy' });
});

test('its process keeps the memory that every question takes and gives back', async () => {
  const { start } = slowCard();
  const given: Record<string, string>[] = [];
  const estimator = createEstimator((env) => {
    given.push(env);
    return start();
  });
  await estimator.hardware('/');
  expect(given).toEqual([{ MALLOC_MMAP_THRESHOLD_: '1073741824', MALLOC_TRIM_THRESHOLD_: '1073741824' }]);
  await estimator.close();
});

test('each environment has a process of its own, which is kept for the next question and ends when nobody asks there', async () => {
  const { start, alive } = slowCard();
  const given: (string | undefined)[] = [];
  const estimator = createEstimator((env) => {
    given.push(env.CARDS);
    return start();
  }, 50);
  const on = (CARDS: string) => estimator.hardware('/', { CARDS });
  await Promise.all([on('0'), on('1'), on('0'), estimator.hardware('/')]);
  await on('1');
  expect(given).toEqual(['0', '1', undefined]);
  expect(alive()).toBe(3);
  await expect.poll(alive).toBe(0);
  await on('1');
  expect([given.length, alive()]).toEqual([4, 1]);
  await estimator.close();
  expect(alive()).toBe(0);
});

test('a question is asked again where a process that answered others is gone, once, and never after the app has closed', async () => {
  const { start, alive } = slowCard();
  const started: EngineProcess[] = [];
  const estimator = createEstimator(() => {
    started.push(start());
    return started.at(-1)!;
  });
  await estimator.hardware('/');
  // It is gone, and nobody has heard of that.
  const asked = estimator.hardware('/');
  started[0]!.kill();
  expect(await asked).toEqual({ backend: 'vulkan' });
  expect([started.length, alive()]).toEqual([2, 1]);

  const late = estimator.hardware('/');
  const closing = estimator.close();
  await expect(late).rejects.toMatchObject({ code: 'engine.crashed' });
  await closing;
  expect([started.length, alive()]).toEqual([2, 0]);
});

test('a question that ends its process is asked once more at most: not at all where nobody asked that process before', async () => {
  let deadly = true;
  let last: EngineProcess;
  const { start } = slowCard(() => {
    if (!deadly) return { backend: 'vulkan' };
    last.kill();
    return new Promise(() => {});
  });
  let started = 0;
  const estimator = createEstimator(() => {
    started++;
    last = start();
    return last;
  });
  await expect(estimator.hardware('/')).rejects.toMatchObject({ code: 'engine.crashed' });
  expect(started).toBe(1);

  deadly = false;
  await estimator.hardware('/');
  deadly = true;
  const asked = await Promise.allSettled(['a', 'b', 'c'].map((folder) => estimator.hardware(folder)));
  expect(asked).toMatchObject(asked.map(() => ({ status: 'rejected', reason: { code: 'engine.crashed' } })));
  expect(started).toBe(3);
  await estimator.close();
});
