/** The desktop's secrets: sealed with a key that the system's own store keeps. */
import type { SafeStorage } from 'electron';
import { openSecrets, type Seal, type Secrets } from '../main/secrets.ts';

export type Storage = Pick<SafeStorage, 'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync'>;

/** The secrets in `file`; where the system has no store to seal them with, its rights alone protect it. */
export async function openDesktopSecrets(file: string, storage: Storage): Promise<Secrets> {
  if (!(await storage.isAsyncEncryptionAvailable())) return openSecrets(file);
  const seal: Seal = {
    seal: async (plain) => (await storage.encryptStringAsync(plain)).toString('base64'),
    open: async (sealed) => (await storage.decryptStringAsync(Buffer.from(sealed, 'base64'))).result,
  };
  return openSecrets(file, seal);
}
