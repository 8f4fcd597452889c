/** Secrets on the desktop: sealed by the system where it can. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDesktopSecrets, type Storage } from './secrets.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'atelier-desktop-'));
  file = join(folder, 'secrets.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Electron's store, with a key that is a number. */
const storage = (available: boolean, key = 1): Storage => ({
  isAsyncEncryptionAvailable: async () => available,
  encryptStringAsync: async (plain) => Buffer.from([key, ...Buffer.from(plain).map((byte) => byte ^ 0x55)]),
  async decryptStringAsync(sealed) {
    if (sealed[0] !== key) throw new Error('another key');
    return { shouldReEncrypt: false, result: Buffer.from(sealed.subarray(1).map((byte) => byte ^ 0x55)).toString() };
  },
});

test('a secret is sealed on the disk and opened with the same key only', async () => {
  const secrets = await openDesktopSecrets(file, storage(true));
  expect(secrets.keptIn).toBe('system');
  await secrets.set('token', 'hf_secret');
  expect(readFileSync(file, 'utf8')).not.toContain('hf_secret');
  expect(await (await openDesktopSecrets(file, storage(true))).get('token')).toBe('hf_secret');
  expect(await (await openDesktopSecrets(file, storage(true, 2))).get('token')).toBeUndefined();
});

test('a system without a store keeps it in the file, and says so', async () => {
  const secrets = await openDesktopSecrets(file, storage(false));
  expect(secrets.keptIn).toBe('file');
  await secrets.set('token', 'hf_secret');
  expect(await secrets.get('token')).toBe('hf_secret');
});
