/** The line for a model: never more at once than it has slots, in order, whoever joins when. */
import { expect, test } from 'vitest';
import { createLine } from './line.ts';

test('one at a time and in order, also for those who join while the next is called', async () => {
  const line = createLine(() => 1);
  const order: string[] = [];
  let inside = 0;
  const work = (name: string) =>
    line.run(name, 'm', async () => {
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
  const line = createLine(() => 1);
  const failing = line.run('a', 'm', () => Promise.reject(new Error('no')));
  const next = line.run('b', 'm', async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
});

test('who leaves is told, and is not called', async () => {
  const line = createLine(() => 1);
  const gate = Promise.withResolvers<void>();
  const first = line.run('a', 'm', () => gate.promise);
  const gone = line.run('b', 'm', () => expect.unreachable());
  expect(line.leave('b')).toBe(true);
  expect([line.leave('a'), line.leave('b'), line.leave('none')]).toEqual([false, false, false]);
  await expect(gone).rejects.toMatchObject({ code: 'cancelled' });
  gate.resolve();
  await first;
});

test('each model has a line of its own, as wide as its slots, and widens when it is told', async () => {
  const slots = { one: 1, many: 2 };
  const line = createLine((modelId) => slots[modelId as keyof typeof slots]);
  const running: string[] = [];
  const gates = new Map<string, () => void>();
  const work = (id: string, modelId: string): Promise<void> =>
    line.run(id, modelId, () => {
      running.push(id);
      return new Promise((resolve) => gates.set(id, resolve));
    });
  const all = [work('a', 'one'), work('b', 'one'), work('c', 'many'), work('d', 'many'), work('e', 'many')];
  expect(running).toEqual(['a', 'c', 'd']);
  slots.one = 2;
  line.advance('one');
  await Promise.resolve();
  expect(running).toEqual(['a', 'c', 'd', 'b']);
  gates.get('d')!();
  await all[3];
  expect(running).toEqual(['a', 'c', 'd', 'b', 'e']);
  for (const id of ['a', 'b', 'c', 'e']) gates.get(id)!();
  await Promise.all(all);
});
