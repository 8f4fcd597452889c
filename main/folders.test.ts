import { expect, test } from 'vitest';
import { defaultFolders } from './folders.ts';

test('each system has its own places', () => {
  expect(defaultFolders({}, 'linux', '/home/ada')).toEqual({
    data: '/home/ada/.local/share/atelier',
    cache: '/home/ada/.cache/atelier',
    models: '/home/ada/.local/share/atelier/models',
  });
  expect(defaultFolders({}, 'darwin', '/Users/ada').data).toBe('/Users/ada/Library/Application Support/Atelier');
  expect(defaultFolders({ XDG_DATA_HOME: '/d', XDG_CACHE_HOME: '/c' }, 'linux', '/home/ada')).toMatchObject({ data: '/d/atelier', cache: '/c/atelier' });
});

test('the environment wins, and models follow the data folder', () => {
  expect(defaultFolders({ ATELIER_HOME: '/a', ATELIER_CACHE: '/b' }, 'linux', '/home/ada')).toEqual({ data: '/a', cache: '/b', models: '/a/models' });
  expect(defaultFolders({ ATELIER_MODELS: '/big/models' }, 'linux', '/home/ada').models).toBe('/big/models');
});
