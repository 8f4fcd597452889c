/** Further folders and files of the person, drives that go and come, and the bin over time. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LibraryLists, LibraryModel } from '../../shared/schemas/library.ts';
import type { Library } from './index.ts';
import { createRoom, type Room, sizeOf, tiny } from './testing.ts';

let room: Room;
let library: Library;
let kept: LibraryLists;
const lists = {
  get: () => kept,
  set(next: LibraryLists) {
    kept = next;
  },
};
beforeEach(() => {
  room = createRoom();
  kept = { folders: [], files: [], hidden: [] };
  library = room.open({ lists });
});
afterEach(async () => {
  await library.refresh();
  room.clear();
});
const bin = async (of: Library = library) => {
  await of.refresh();
  return of.bin();
};

test('a folder of any depth is looked through, kept, and forgotten without a trace', async () => {
  const deep = room.put(tiny.q4, 'drive/a/b/c/d/tiny-Q4_K_M.gguf');
  const flat = room.put(tiny.q8, 'drive/tiny-Q8_0.gguf');
  const drive = join(room.root, 'drive');
  await library.addFolder(drive);
  await library.addFolder(`${drive}/`);
  expect(kept.folders).toEqual([drive]);
  expect(new Set(library.list().map(({ id }) => id))).toEqual(new Set([deep, flat]));
  expect(library.list()[0]!.source).toEqual({ app: 'folder', folder: drive, reference: false });
  await library.forgetFolder(drive);
  expect(library.list()).toEqual([]);
  expect(existsSync(deep) && existsSync(flat)).toBe(true);
  await expect(library.addFolder(join(room.root, 'nowhere'))).rejects.toMatchObject({ code: 'library.noFile' });
  await expect(library.addFolder('relative')).rejects.toMatchObject({ code: 'library.noFile' });
});

test('a file that two folders hold is listed once', async () => {
  room.put(tiny.q4, 'drive/a/tiny-Q4_K_M.gguf');
  await library.addFolder(join(room.root, 'drive'));
  await library.addFolder(join(room.root, 'drive/a'));
  expect(library.list()).toHaveLength(1);
});

test('a drive that is not there greys its rows, also after a restart, and blocks nothing', async () => {
  room.put(tiny.q8, 'models/ada/tiny/tiny-Q8_0.gguf');
  const id = room.put(tiny.q4, 'drive/tiny-Q4_K_M.gguf');
  await library.addFolder(join(room.root, 'drive'));
  renameSync(join(room.root, 'drive'), join(room.root, 'unplugged'));
  for (const each of [library, room.open({ lists })]) {
    await each.refresh();
    expect(each.list().map((model) => [model.id, model.problem])).toEqual([
      [id, 'missingDrive'],
      ['ada/tiny/tiny-Q8_0.gguf', undefined],
    ]);
    await expect(each.resolve(id)).rejects.toMatchObject({ code: 'library.missing' });
    await expect(each.remove(id)).rejects.toMatchObject({ code: 'library.missing' });
    await expect(each.resolve('ada/tiny/tiny-Q8_0.gguf')).resolves.toBeDefined();
  }
  renameSync(join(room.root, 'unplugged'), join(room.root, 'drive'));
  await library.refresh();
  expect(library.list().find((model) => model.id === id)).not.toHaveProperty('problem');
});

test('what was there is listed at once after a restart, while a slow drive is still looked through', async () => {
  room.put(tiny.q8, 'models/ada/tiny/tiny-Q8_0.gguf');
  const id = room.put(tiny.q4, 'drive/tiny-Q4_K_M.gguf');
  await library.addFolder(join(room.root, 'drive'));
  let goOn = (): void => {};
  const slow = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const restarted = room.open({
    lists,
    headers: {
      async forFile(paths) {
        if (paths[0] === id) await slow;
        return room.headers.forFile(paths);
      },
    },
  });
  const first: LibraryModel[] = (await restarted.watch(AbortSignal.timeout(5000))[Symbol.asyncIterator]().next()).value!;
  expect(first.map((model) => model.id).sort()).toEqual([id, 'ada/tiny/tiny-Q8_0.gguf']);
  const resolved = restarted.resolve(id);
  goOn();
  expect(await resolved).toMatchObject({ files: [id], facts: { architecture: 'qwen35' } });
});

test('removal says exactly what it will touch, and touches nothing else', async () => {
  const drive = join(room.root, 'drive');
  const id = room.put(tiny.q4, 'drive/sub/tiny-Q4_K_M.gguf');
  room.put(tiny.q8, 'drive/sub/tiny-Q8_0.gguf');
  const eyes = room.put(tiny.projector, 'drive/sub/mmproj-tiny-F16.gguf');
  writeFileSync(join(drive, 'sub/notes.txt'), 'mine');
  await library.addFolder(drive);
  const size = readFileSync(tiny.q4).length;
  expect(await library.removal(id)).toEqual({ files: [{ path: id, size }], stays: [{ path: eyes, size: readFileSync(tiny.projector).length }] });
  await library.remove(id);
  expect(readdirSync(join(drive, 'sub')).sort()).toEqual(['mmproj-tiny-F16.gguf', 'notes.txt', 'tiny-Q8_0.gguf']);
  expect(await bin()).toMatchObject([{ id, label: 'Q4_K_M', size }]);
  expect(existsSync(join(drive, '.bin'))).toBe(true);
  await library.restore(id);
  expect(readFileSync(id).equals(readFileSync(tiny.q4))).toBe(true);
  expect(await bin()).toEqual([]);
});

test('the bin outlives a restart for 30 days; then it is gone for good', async () => {
  room.put(tiny.q4, 'models/ada/tiny/tiny-Q4_K_M.gguf');
  const id = 'ada/tiny/tiny-Q4_K_M.gguf';
  await library.refresh();
  await library.remove(id);
  const [item] = await bin();
  const days = (n: number) => Date.parse(item!.removedAt) + n * 24 * 3600 * 1000;
  expect(Date.parse(item!.until)).toBe(days(30));
  // As a removal leaves it that is killed at its start.
  const begun = join(room.models, '.bin/begun');
  mkdirSync(begun);
  writeFileSync(join(begun, 'manifest.json.tmp'), '');
  expect(await bin(room.open({ lists, now: () => days(29) }))).toMatchObject([{ id }]);
  expect(existsSync(begun)).toBe(true);
  expect(await bin(room.open({ lists, now: () => days(31) }))).toEqual([]);
  expect(existsSync(join(room.models, '.bin'))).toBe(false);
});

test('removing the same model twice keeps both; restore takes the newer, emptying one leaves the others', async () => {
  const id = 'ada/tiny/tiny-Q4_K_M.gguf';
  room.put(tiny.q4, 'models', id);
  await library.refresh();
  await library.remove(id);
  room.put(tiny.q8, 'models', id);
  await library.refresh();
  await library.remove(id);
  expect(await bin()).toHaveLength(2);
  await library.restore(id);
  expect(readFileSync(join(room.models, id)).equals(readFileSync(tiny.q8))).toBe(true);
  expect(await bin()).toMatchObject([{ id, size: readFileSync(tiny.q4).length }]);
  // It is in the way of the older one, which stays where it is.
  await expect(library.restore(id)).rejects.toMatchObject({ code: 'library.exists', data: { file: id } });
  expect(await bin()).toHaveLength(1);
  await library.emptyBin(id);
  expect(await bin()).toEqual([]);
});

test('a place that something else has taken is said, and the bin keeps what it has', async () => {
  const library = room.open();
  const id = 'ada/tiny/tiny-Q4_K_M.gguf';
  room.put(tiny.q4, 'models', id);
  await library.refresh();
  await library.remove(id);
  writeFileSync(join(room.models, 'ada'), 'a file');
  await expect(library.restore(id)).rejects.toMatchObject({ code: 'download.writing', data: { reason: 'ENOTDIR' } });
  expect(library.bin()).toMatchObject([{ id, size: sizeOf(tiny.q4) }]);
  rmSync(join(room.models, 'ada'));
  await library.restore(id);
  expect(library.list()).toMatchObject([{ id }]);
});

test('the bin deletes nothing that is not its own, and a manifest cannot lead out of its folder', async () => {
  const outside = room.put(tiny.q4, 'outside.gguf');
  const odd = room.put(tiny.q8, 'models/.bin/evil/kept.gguf');
  writeFileSync(join(room.models, '.bin/evil/manifest.json'), JSON.stringify({ v: 1, id: 'x', files: ['../../outside.gguf'], shared: [] }));
  await expect(library.restore('x')).rejects.toMatchObject({ code: 'library.notFound' });
  await library.emptyBin();
  expect(existsSync(outside) && existsSync(odd)).toBe(true);
});
