/** Secrets on the disk: who can read them, and what is left of them. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSecrets, type Seal } from './secrets.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'atelier-secrets-'));
  file = join(folder, 'new', 'secrets.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a secret outlives the app in a file of this user alone, until it is forgotten', async () => {
  const secrets = openSecrets(file);
  expect(await secrets.get('token')).toBeUndefined();
  expect(existsSync(file)).toBe(false);
  await Promise.all([secrets.set('token', 'hf_a'), secrets.set('password', 'b')]);
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  const again = openSecrets(file);
  expect([await again.get('token'), await again.get('password')]).toEqual(['hf_a', 'b']);
  await again.set('token', undefined);
  expect(await secrets.get('token')).toBeUndefined();
  expect(readFileSync(file, 'utf8')).not.toContain('hf_a');
});

test('what the system seals is not on the disk in plain, and what it cannot open is no secret', async () => {
  const turned = (text: string): string => [...text].reverse().join('');
  const seal: Seal = {
    seal: async (plain) => `sealed ${turned(plain)}`,
    async open(sealed) {
      if (!sealed.startsWith('sealed ')) throw new Error('not mine');
      return turned(sealed.slice(7));
    },
  };
  const secrets = openSecrets(file, seal);
  expect(secrets.keptIn).toBe('system');
  await secrets.set('token', 'hf_a');
  expect(readFileSync(file, 'utf8')).not.toContain('hf_a');
  expect(await openSecrets(file, seal).get('token')).toBe('hf_a');
  // The other shell, on the same folder.
  expect(await openSecrets(file).get('token')).toBeUndefined();
  writeFileSync(file, JSON.stringify({ token: 'sealed:from elsewhere', old: 'hf_b' }));
  expect(await secrets.get('token')).toBeUndefined();
  expect(await secrets.get('old')).toBe('hf_b');
});

test('a file that is broken holds none, and takes new ones', async () => {
  const secrets = openSecrets(join(folder, 'secrets.json'));
  writeFileSync(join(folder, 'secrets.json'), '{"token":');
  expect(await secrets.get('token')).toBeUndefined();
  await secrets.set('token', 'x');
  expect(await secrets.get('token')).toBe('x');
});
