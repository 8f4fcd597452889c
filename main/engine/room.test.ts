/** Who goes so that another model fits. */
import { expect, test } from 'vitest';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import { defaultLoadSettings, type LoadSettings } from '../../shared/schemas/memory.ts';
import { heldByAll, type Room, toEject } from './room.ts';

const side = (bytes: number) => ({ weights: bytes, kvCache: 0, state: 0, compute: 0, projector: 0 });
const one = (name: string, gpu: number, ram: number, usedAt: number, cards?: LoadSettings['cards']) => ({
  name,
  usedAt,
  model: { memory: { gpu: side(gpu), ram: side(ram) }, settings: { ...defaultLoadSettings, cards } } as LoadedModel,
});
const old = one('old', 4, 1, 1);
const middle = one('middle', 0, 6, 2);
const young = one('young', 3, 1, 3);
const all = [young, old, middle];

/** Of a machine with 10 on the card and 20 in RAM, everything gone. */
const room = (gpu: number, ram: number): Room => ({ needs: { gpu, ram }, free: { gpu: 10, ram: 20 } });
const gone = (of: Room | undefined, loaded = all): string[] => toEject(of, loaded).map(({ name }) => name);

test('nobody goes where there is room beside all', () => {
  expect(gone(room(3, 12))).toEqual([]);
});

test('the one used longest ago goes first, and no more than must', () => {
  expect(gone(room(7, 1))).toEqual(['old']);
  expect(gone(room(8, 1))).toEqual(['old', 'young']);
});

test('what holds nothing of what is missing stays', () => {
  expect(gone(room(10, 13))).toEqual(['old', 'young']);
  expect(gone(room(0, 14))).toEqual(['old', 'middle']);
});

test('what lies on other cards stays, and of what lies on several only the part on these comes back', () => {
  const loaded = [one('elsewhere', 8, 0, 1, [{ id: 1 }]), one('both', 6, 0, 2, [{ id: 0 }, { id: 1 }])];
  const on = (id: number, gpu: number): Room => ({ ...room(gpu, 1), cards: [{ id }] });
  expect(gone(on(0, 7), loaded)).toEqual([]);
  expect(gone(on(0, 8), loaded)).toEqual(['both']);
  expect(gone(on(1, 7), loaded)).toEqual(['elsewhere']);
  expect(gone(room(8, 1), loaded)).toEqual(['elsewhere', 'both']);
});

test('all go where even that may not be enough, and where nobody knows', () => {
  expect(gone(room(11, 1))).toEqual(['old', 'middle', 'young']);
  expect(gone(undefined)).toEqual(['young', 'old', 'middle']);
  expect(gone({ needs: { gpu: 1, ram: 1 }, free: { gpu: null, ram: 20 } })).toEqual(['old', 'middle', 'young']);
  expect(gone({ needs: { gpu: 0, ram: 1 }, free: { gpu: null, ram: 20 } })).toEqual([]);
});

test('what a model holds is not always known: it goes for whatever is missing', () => {
  const unknown = { name: 'unknown', usedAt: 0, model: {} as LoadedModel };
  expect(
    gone(
      room(1, 1),
      [unknown, young].map((each) => each as typeof young),
    ),
  ).toEqual(['unknown']);
});

test('what all give back is what each holds, on the cards that are meant', () => {
  const unknown = { model: {} as LoadedModel };
  expect(heldByAll([...all, unknown], undefined)).toEqual({ gpu: 7, ram: 8 });
  const loaded = [one('elsewhere', 8, 2, 1, [{ id: 1 }]), one('both', 6, 1, 2, [{ id: 0 }, { id: 1 }])];
  expect(heldByAll(loaded, [{ id: 0 }])).toEqual({ gpu: 3, ram: 3 });
});
