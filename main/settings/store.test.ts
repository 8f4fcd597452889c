/** Settings across restarts, changes, and files that are broken. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { core } from '../../shared/contract/core.ts';
import { defaultSettings, type SettingsChange } from '../../shared/schemas/settings.ts';
import { openSettings } from './store.ts';

let folder: string;
let file: string;
let warnings: string[];
const log = { warn: (message: string): void => void warnings.push(message) };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'));
  file = join(folder, 'settings.json');
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('without a file: the defaults, and no file until something changes', () => {
  expect(openSettings(file, log).get()).toEqual(defaultSettings);
  expect(readdirSync(folder)).toEqual([]);
  expect(warnings).toEqual([]);
});

test('a change is there after a restart and leaves the rest', () => {
  const store = openSettings(join(folder, 'new', 'settings.json'));
  store.change({ theme: 'dark' });
  store.change({ sampling: { temperature: 0 } });
  const again = openSettings(join(folder, 'new', 'settings.json'));
  expect(again.get()).toEqual({ ...defaultSettings, theme: 'dark', sampling: { temperature: 0 } });
  expect(readdirSync(join(folder, 'new'))).toEqual(['settings.json']);
});

test('a change that came through the contract names only what it named', () => {
  const store = openSettings(file);
  store.change({ theme: 'dark', systemPrompt: 'Be brief.' });
  store.change(core['settings.change'].input.parse({ language: 'fr' }));
  expect(store.get()).toEqual({ ...defaultSettings, theme: 'dark', systemPrompt: 'Be brief.', language: 'fr' });
});

test('an undefined value changes nothing', () => {
  const store = openSettings(file);
  store.change({ theme: 'dark' });
  store.change({ theme: undefined } as SettingsChange);
  expect(store.get().theme).toBe('dark');
});

test('a value that is not allowed is refused by name and nothing is stored', () => {
  const store = openSettings(file);
  store.change({ theme: 'dark' });
  expect(() => store.change({ sampling: { temperature: 9 } })).toThrow(
    expect.objectContaining({ code: 'settings.invalid', data: { key: 'sampling.temperature' } }),
  );
  expect(() => store.change({ load: { ...defaultSettings.load, contextSize: 1 } })).toThrow(expect.objectContaining({ data: { key: 'load.contextSize' } }));
  expect(store.get()).toEqual(openSettings(file).get());
  expect(store.get().sampling).toEqual({});
});

test.each([
  ['cut short', '{"theme": "da'],
  ['empty', ''],
  ['not an object', '[]'],
  ['with a value that is not allowed', '{"theme": "plaid"}'],
])('a file %s is set aside, said in the log, and the defaults are used', (_, text) => {
  writeFileSync(file, text);
  expect(openSettings(file, log).get()).toEqual(defaultSettings);
  expect(warnings).toHaveLength(1);
  expect(readFileSync(`${file}.broken`, 'utf8')).toBe(text);
  expect(existsSync(file)).toBe(false);
});

test('a file of an older version gets the defaults of what it lacks', () => {
  writeFileSync(file, '{"theme": "light"}');
  expect(openSettings(file, log).get()).toEqual({ ...defaultSettings, theme: 'light' });
});

test('a file of before: what was chosen of temperature and length is kept, what stood there by itself is not', () => {
  writeFileSync(file, '{"theme": "light", "temperature": 0.7, "maxTokens": 0}');
  expect(openSettings(file, log).get()).toEqual({ ...defaultSettings, theme: 'light' });
  writeFileSync(file, '{"temperature": 0, "maxTokens": 1024}');
  const store = openSettings(file, log);
  expect(store.get().sampling).toEqual({ temperature: 0, maxTokens: 1024 });
  store.change({ theme: 'dark' });
  expect(openSettings(file, log).get()).toEqual({ ...defaultSettings, theme: 'dark', sampling: { temperature: 0, maxTokens: 1024 } });
  expect(warnings).toEqual([]);
});

test('watchers see the settings now and after a change', async () => {
  const store = openSettings(file);
  const abort = new AbortController();
  const themes: string[] = [];
  for await (const settings of store.watch(abort.signal)) {
    themes.push(settings.theme);
    if (themes.length === 1) store.change({ theme: 'dark' });
    else abort.abort();
  }
  expect(themes).toEqual(['system', 'dark']);
});
