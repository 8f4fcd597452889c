/** Cached files that are there as a whole or not at all. What must outlive a power cut is written by downloads/durable.ts. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes beside `path` and renames, so that no reader and no second writer ever meets a half; its folder is made. `mode`: who may read it. Rejects as the disk does, leaving nothing. */
export async function writeWhole(path: string, content: string | Uint8Array, mode = 0o666): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, content, { mode });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
