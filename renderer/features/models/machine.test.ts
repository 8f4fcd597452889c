/** Which sides of a machine an estimate is shown on. */
import { expect, test } from 'vitest';
import { defaultLoadSettings, type Estimate, fullestCard } from '../../../shared/schemas/memory.ts';
import { fakeEstimate, hardware } from '../../testing/samples.ts';
import { cardParts, hasGpu, sideParts, sidesOf } from './machine.ts';

const gib = 2 ** 30;
const estimate: Estimate = fakeEstimate({ kind: 'library', id: 'x-Q4_K_M.gguf' }, defaultLoadSettings);

test('the GPU comes first where anything goes there, with what is in use already before the model', () => {
  const sides = sidesOf(estimate, hardware);
  expect(sides.map(({ where }) => where)).toEqual(['gpu', 'ram']);
  const [used, ...model] = sideParts(sides[0]);
  expect(used).toEqual({ kind: 'used', bytes: 8 * gib - 7.4 * gib });
  expect(model.reduce((sum, part) => sum + part.bytes, 0)).toBe(sides[0].needed);
});

test('a backend that found no device is a machine without a GPU', () => {
  const bare = { ...hardware, backend: 'vulkan' as const, gpus: [], vram: { total: 0, free: 0, unified: false } };
  expect(hasGpu(hardware)).toBe(true);
  expect(hasGpu(bare)).toBe(false);
  expect(sidesOf(estimate, bare).map(({ where }) => where)).toEqual(['ram']);
});

test('a driver that does not tell what is free shows nothing in use', () => {
  const [gpu] = sidesOf({ ...estimate, free: { ...estimate.free, gpu: null } }, hardware);
  expect(sideParts(gpu)[0]).toEqual({ kind: 'used', bytes: 0 });
});

test('the fullest card is the one with the least left, among those that the model lies on', () => {
  const card = (id: number, total: number, free: number | null, needs: number) => ({
    id,
    name: 'Card',
    total: total * gib,
    free: free && free * gib,
    needs: needs * gib,
  });
  const cards = [card(0, 24, 20, 6), card(1, 8, 7, 6), card(2, 8, 0, 0)];
  expect(fullestCard({ cards })?.id).toBe(1);
  expect(fullestCard({ cards: [card(0, 24, null, 6), card(1, 24, 20, 3)] })?.id).toBe(1);
  expect(fullestCard({ cards: [card(2, 8, 0, 0)] })).toBeUndefined();
  expect(fullestCard({})).toBeUndefined();
  expect(cardParts(cards[1]!)).toEqual([
    { kind: 'used', bytes: gib },
    { kind: 'model', bytes: 6 * gib },
  ]);
});
