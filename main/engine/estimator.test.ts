import { expect, test } from 'vitest';
import { control } from '../../shared/contract/control.ts';
import type { Handlers } from '../../shared/rpc/define.ts';
import { portPair } from '../../shared/rpc/port.ts';
import { serve } from '../../shared/rpc/serve.ts';
import type { EngineProcess } from '../platform.ts';
import { createEstimator } from './estimator.ts';

/** Engine processes that answer about the hardware at once and never finish a measurement. */
function slowCard() {
  let alive = 0;
  const start = (): EngineProcess => {
    alive++;
    const [near, far] = portPair();
    const ended = Promise.withResolvers<{ code: number | null; signal: string | null; lastWords: string }>();
    const handlers = { hardware: () => ({ backend: 'vulkan' }), bandwidth: () => new Promise(() => {}) };
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
