/** Where the models folder is, when that cannot be read. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openModelsFolder } from './modelsFolder.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'atelier-folder-'));
});
afterEach(() => rmSync(data, { recursive: true }));

test.each([
  ['a file that is cut off', () => writeFileSync(join(data, 'models.json'), '{"v":1,"folder":"/mnt/mod')],
  ['something else of that name', () => mkdirSync(join(data, 'models.json'))],
])('%s is set aside and said, and the folder is where it began', (_, put) => {
  put();
  const warned: string[] = [];
  const { folders } = openModelsFolder({ data, cache: data, models: join(data, 'models') }, { warn: (message) => warned.push(message) });
  expect(folders.models).toBe(join(data, 'models'));
  expect(readdirSync(data)).toEqual(['models.json.broken']);
  expect(warned).toHaveLength(1);
});

test('without a file nothing is said', () => {
  const warned: string[] = [];
  openModelsFolder({ data, cache: data, models: join(data, 'models') }, { warn: (message) => warned.push(message) });
  expect(warned).toEqual([]);
});
