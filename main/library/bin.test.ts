/** What the bin does on a disk without room, and when it is cut short. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBin } from './bin.ts';
import type { Library } from './index.ts';
import { createRoom, mountDrive, type Room, sizeOf, tiny } from './testing.ts';

const id = 'ada/tiny-GGUF/tiny-Q4_K_M.gguf';
let room: Room;
let library: Library;
let drive: string | undefined;
beforeEach(() => {
  room = createRoom();
  library = room.open();
});
afterEach(async () => {
  await library.refresh();
  if (drive) execFileSync('umount', [drive]);
  drive = undefined;
  room.clear();
});

const there = (): string[] => readdirSync(room.models, { recursive: true, encoding: 'utf8' }).sort();

/** The models folder is a drive of its own, with a model and `options` of tmpfs. */
async function onDrive(options: string, skip: (note: string) => never): Promise<void> {
  mountDrive(room.models, options, skip);
  drive = room.models;
  room.put(tiny.q4, 'models', id);
  await library.refresh();
}

/** Takes every byte that is free. */
function fill(): void {
  const page = Buffer.alloc(4096);
  for (const size of [2 ** 20, page.length]) {
    try {
      for (;;) appendFileSync(join(room.models, 'filler'), size === page.length ? page : Buffer.alloc(size));
    } catch {
      // Full for this size.
    }
  }
  expect(statfsSync(room.models).bavail).toBe(0);
}

test('on a full disk a model stays whole, with nothing in the bin, until it is deleted for good', async ({ skip }) => {
  await onDrive('size=32m', skip);
  fill();
  const before = there();
  await expect(library.remove(id)).rejects.toMatchObject({ code: 'library.binFull', data: { id } });
  expect(there()).toEqual(before);
  expect(statSync(join(room.models, id)).size).toBe(sizeOf(tiny.q4));
  expect(library.list()).toMatchObject([{ id }]);
  await library.remove(id, true);
  expect(there()).toEqual(['filler']);
  expect(library.list()).toEqual([]);
  expect(statfsSync(room.models).bavail * 4096).toBeGreaterThanOrEqual(sizeOf(tiny.q4));
  await expect(library.restore(id)).rejects.toMatchObject({ code: 'library.notFound' });
});

test('a bin that gets room for its manifest only takes nothing', async ({ skip }) => {
  await onDrive('size=32m,nr_inodes=64', skip);
  const fillers: string[] = [];
  try {
    for (;;) {
      const filler = join(room.models, `filler-${fillers.length}`);
      writeFileSync(filler, '');
      fillers.push(filler);
    }
  } catch {
    // No more files.
  }
  // One each for the bin, the folder in it, its manifest, and the first of two folders around the model.
  for (const filler of fillers.splice(-4)) rmSync(filler);
  const before = there();
  await expect(library.remove(id)).rejects.toMatchObject({ code: 'library.binFull' });
  expect(there()).toEqual(before);
});

test('the bin is emptied on a full disk', async ({ skip }) => {
  await onDrive('size=32m', skip);
  await library.remove(id);
  fill();
  await library.emptyBin();
  expect(there()).toEqual(['filler']);
  expect(statfsSync(room.models).bavail * 4096).toBeGreaterThanOrEqual(sizeOf(tiny.q4));
});

test('what cannot go as a whole stays as a whole', async () => {
  room.put(tiny.q4, 'models', id);
  const files = [id, 'ada/gone.gguf'];
  await expect(createBin(room.models, true).put({ id, name: 'tiny', label: '', files, shared: [] })).rejects.toMatchObject({ code: 'ENOENT' });
  expect(there()).toEqual(['ada', dirname(id), id].sort());
  expect(existsSync(join(room.models, '.bin'))).toBe(false);
});
