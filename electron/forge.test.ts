import { expect, test } from 'vitest';
import config from '../forge.config.ts';

test('the package holds the app and its native packages, nothing else', () => {
  const ignore = config.packagerConfig!.ignore as (file: string) => boolean;
  for (const file of [
    '',
    '/package.json',
    '/dist',
    '/dist/electron/main.js',
    '/node_modules',
    '/node_modules/node-llama-cpp/dist/index.js',
    '/e2e',
    '/e2e/fixtures/x.gguf',
  ])
    expect(ignore(file), file).toBe(false);
  for (const file of ['/main/core.ts', '/out', '/node_modules/.bin', '/node_modules/.bin/tsc', '/.git', '/e2e/hub/start.ts', '/distant'])
    expect(ignore(file), file).toBe(true);
});

test('there is a maker for every platform, and it is electron-builder', () => {
  expect(config.makers).toHaveLength(1);
  expect(config.makers![0]).toMatchObject({ name: 'electron-builder' });
});
