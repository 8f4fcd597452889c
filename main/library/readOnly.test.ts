/** A models folder on a drive that may only be read: models are listed and load, and whatever would change it says why it cannot. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Library } from './index.ts';
import { createStorage } from './storage.ts';
import { createRoom, mountDrive, type Room, sha256Of, tiny } from './testing.ts';

const id = 'ada/one-GGUF/tiny-Q4_K_M.gguf';
const binned = 'ada/two-GGUF/tiny-Q8_0.gguf';
const day = 24 * 60 * 60 * 1000;

let room: Room;
let library: Library;
let mounted: boolean;
beforeEach(async ({ skip }) => {
  room = createRoom();
  mounted = false;
  library = room.open();
  mountDrive(room.models, 'size=32m', skip);
  mounted = true;
  for (const path of [id, 'ada/twin-GGUF/tiny-Q4_K_M.gguf']) room.put(tiny.q4, 'models', path);
  room.put(tiny.q8, 'models', binned);
  room.put(tiny.shard(1), 'models', 'ada/one-GGUF/cut.gguf.importing');
  await library.refresh();
  await library.remove(binned);
  await library.compare();
  execFileSync('mount', ['-o', 'remount,ro', room.models]);
});
afterEach(async () => {
  await library.refresh();
  if (mounted) execFileSync('umount', [room.models]);
  room.clear();
});

test('nothing is changed, and each refusal is a sentence', async () => {
  const storage = createStorage({
    ...{ folders: { models: room.models, data: join(room.root, 'data'), cache: join(room.root, 'cache') }, library, jobs: () => [] },
    deleted: { waiting: async () => ({ texts: 0, pictures: 0 }), remove: async () => {} },
  });
  const before = readdirSync(room.models, { recursive: true });
  const attempts = {
    remove: () => library.remove(id),
    forGood: () => library.remove(id, true),
    restore: () => library.restore(binned),
    emptyBin: () => library.emptyBin(),
    import: () => library.import(tiny.q8, 'copy'),
    link: () => library.link(sha256Of(tiny.q4)),
    partial: () => storage.reclaim('partial'),
  };
  for (const [name, attempt] of Object.entries(attempts))
    await expect(attempt(), name).rejects.toMatchObject({ code: 'download.readOnly', data: { folder: expect.stringContaining(room.models) } });
  expect(readdirSync(room.models, { recursive: true })).toEqual(before);
  expect((await library.resolve(id)).facts.architecture).toBe('qwen35');
});

test('what should have left the bin by now stays, and the library goes on', async () => {
  const later = room.open({ now: () => Date.now() + 31 * day });
  await later.refresh();
  expect(later.bin()).toMatchObject([{ id: binned }]);
  expect(later.list()).toHaveLength(2);
});
