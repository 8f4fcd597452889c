/** The line for the engine: never two at once, in order, whoever joins when. */
import { expect, test } from 'vitest';
import { createLine } from './line.ts';

test('one at a time and in order, also for those who join while the next is called', async () => {
  const line = createLine();
  const order: string[] = [];
  let inside = 0;
  const work = (name: string) =>
    line.run(name, async () => {
      expect(++inside).toBe(1);
      order.push(name);
      // Joins in the very moment that the work before it ends, and in every microtask around it.
      let later: Promise<unknown> = Promise.resolve();
      if (name.length < 3) for (let n = 0; n < 6; n++) later = later.then(() => void all.push(work(`${name}${n}`)));
      await Promise.resolve();
      inside--;
    });
  const all: Promise<void>[] = [];
  all.push(work('a'), work('b'), work('c'));
  for (const one of all) await one;
  expect(order.slice(0, 3)).toEqual(['a', 'b', 'c']);
  expect(order).toHaveLength(3 + 18 + 108);
});

test('work that fails lets the next one in', async () => {
  const line = createLine();
  const failing = line.run('a', () => Promise.reject(new Error('no')));
  const next = line.run('b', async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
});

test('who leaves is told, and is not called', async () => {
  const line = createLine();
  const gate = Promise.withResolvers<void>();
  const first = line.run('a', () => gate.promise);
  const gone = line.run('b', () => expect.unreachable());
  expect(line.leave('b')).toBe(true);
  expect([line.leave('a'), line.leave('b'), line.leave('none')]).toEqual([false, false, false]);
  await expect(gone).rejects.toMatchObject({ code: 'cancelled' });
  gate.resolve();
  await first;
});
