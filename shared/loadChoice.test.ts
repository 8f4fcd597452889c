/** Where the settings of a load come from. */
import { expect, test } from 'vitest';
import { chooseLoad, isSameLoad, ownPart, withSetting } from './loadChoice.ts';
import { defaultLoadSettings, loadSettings } from './schemas/memory.ts';

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
  expect(ownPart({ ...global, speculation: { type: 'mtp' } }, { ...global, speculation: { type: 'mtp' } })).toEqual({});
  const kept = ownPart(global, all);
  expect(kept).toEqual({ threads: 'auto', mmap: false });
  expect(chooseLoad({ model: kept, global: all }).settings).toMatchObject({ threads: 'auto', mmap: false });
});

test('a setting that is changed back is not there any more', () => {
  const changed = withSetting(global, 'batchSize', 1024);
  expect(changed).toEqual({ ...global, batchSize: 1024 });
  expect(withSetting(changed, 'batchSize', 512)).toEqual(global);
  expect(withSetting({ ...global, ropeFreqBase: 1e6 }, 'ropeFreqBase', undefined)).toEqual(global);
  expect(withSetting(global, 'flashAttention', false).flashAttention).toBe(false);
});

test('a load is the same whatever is said of what is usual, and however long it stays', () => {
  expect(isSameLoad({ ...global, threads: 'auto', slots: 1 }, { ...global, keepMinutes: 5, mmap: false })).toBe(true);
  expect(isSameLoad(global, { ...global, ropeFreqBase: 1e6 })).toBe(false);
  expect(isSameLoad({ ...global, mlock: true }, global)).toBe(false);
});

test('no card is used twice', () => {
  const on = (...ids: number[]) => loadSettings.safeParse({ ...global, cards: ids.map((id) => ({ id })) }).success;
  expect([on(0, 1), on(1, 1)]).toEqual([true, false]);
});
