/** Where the settings of a load come from. */
import { expect, test } from 'vitest';
import { chooseLoad, ownPart } from './loadChoice.ts';
import { defaultLoadSettings } from './schemas/memory.ts';

const global = defaultLoadSettings;

test('what is asked wins over what is kept for the model, and that over what holds for all', () => {
  const { settings, from } = chooseLoad({ request: { contextSize: 512 }, model: { contextSize: 1024, kvType: 'q8_0' }, global });
  expect(settings).toEqual({ ...global, contextSize: 512, kvType: 'q8_0' });
  expect(from).toMatchObject({ contextSize: 'request', kvType: 'model', gpuLayers: 'global', vision: 'global' });
});

test('a value that is not there hides none', () => {
  expect(chooseLoad({ request: { vision: undefined }, model: { vision: false }, global }).settings.vision).toBe(false);
});

test('what is kept for a model is what differs, and gives the same settings again', () => {
  const settings = { ...global, gpuLayers: 0, imageTokens: 256 };
  const kept = ownPart(settings, global);
  expect(kept).toEqual({ gpuLayers: 0, imageTokens: 256 });
  expect(chooseLoad({ model: kept, global }).settings).toEqual(settings);
});

test('what is usual is said where something else holds for all, and not where it does not', () => {
  const all = { ...global, threads: 4, mmap: true };
  expect(ownPart({ ...global, threads: 'auto', batchSize: 512 }, global)).toEqual({});
  const kept = ownPart(global, all);
  expect(kept).toEqual({ threads: 'auto', mmap: false });
  expect(chooseLoad({ model: kept, global: all }).settings).toMatchObject({ threads: 'auto', mmap: false });
});
