/** What the disk holds by purpose; what is reclaimed, and what never is. */
import { existsSync, linkSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import type { StorageKind } from '../../shared/schemas/library.ts';
import type { Library } from './index.ts';
import { createStorage, type Storage } from './storage.ts';
import { createRoom, type Room, sizeOf, tiny } from './testing.ts';

let room: Room;
let library: Library;
let storage: Storage;
let removed: number;
const deleted = {
  waiting: () => Promise.resolve(removed > 0 ? { texts: 0, pictures: 0 } : { texts: 20, pictures: 30 }),
  remove: async () => void removed++,
};
let jobs: Pick<DownloadJob, 'repo' | 'files'>[];
beforeEach(async () => {
  room = createRoom();
  jobs = [];
  removed = 0;
  library = room.open();
  const folders = { data: room.root, cache: join(room.root, 'cache'), models: room.models };
  storage = createStorage({ folders, library, jobs: () => jobs as DownloadJob[], deleted });
});
afterEach(async () => {
  await library.refresh();
  room.clear();
});

function write(bytes: number, ...to: string[]): string {
  const file = join(room.root, ...to);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, Buffer.alloc(bytes));
  return file;
}
async function of(kind: StorageKind): Promise<[size: number, reclaimable: number]> {
  await library.refresh();
  const { size, reclaimable } = (await storage.read()).kinds.find((each) => each.kind === kind)!;
  return [size, reclaimable];
}

test('models are counted once each, with a shared projector once, and are never reclaimed', async () => {
  room.put(tiny.q4, 'models/ada/tiny/tiny-Q4_K_M.gguf');
  room.put(tiny.q8, 'models/ada/tiny/tiny-Q8_0.gguf');
  room.put(tiny.projector, 'models/ada/tiny/mmproj-tiny-F16.gguf');
  const size = sizeOf(tiny.q4) + sizeOf(tiny.q8) + sizeOf(tiny.projector);
  expect(await of('models')).toEqual([size, 0]);
  expect((await storage.read()).free).toBeGreaterThan(0);
  for (const { kind } of (await storage.read()).kinds) if (kind !== 'bin') await storage.reclaim(kind);
  expect(await of('models')).toEqual([size, 0]);
});

test('parts of downloads on the list stay, those of no download go', async () => {
  const wanted = write(1000, 'models/ada/tiny/wanted.gguf.part');
  const journal = write(10, 'models/ada/tiny/wanted.gguf.part.json');
  const left = [write(500, 'models/ada/tiny/left.gguf.part'), write(5, 'models/ada/tiny/left.gguf.part.json')];
  jobs = [{ repo: 'ada/tiny', files: [{ path: 'wanted.gguf', size: 2000, received: 1000 }] }];
  expect(await of('partial')).toEqual([1515, 505]);
  await storage.reclaim('partial');
  expect(await of('partial')).toEqual([1010, 0]);
  expect([wanted, journal].every(existsSync)).toBe(true);
  expect(left.some(existsSync)).toBe(false);
});

test('a part counts with what it takes, not with the length that it will have', async ({ skip }) => {
  if (process.platform === 'win32') skip('files have no holes on this system');
  truncateSync(write(1000, 'models/ada/tiny/begun.gguf.part'), 2 ** 30);
  expect((await of('partial'))[0]).toBeLessThan(2 ** 20);
});

test('what other programs leave is not taken for a part, and neither is a copy on its way for one that was left', async () => {
  const others = [write(100, 'models/Firefox.zip.part'), write(100, 'models/ada/tiny/downloading_other.gguf.part'), write(1, 'models/notes.part.json')];
  const copy = write(1000, 'models/ada/tiny/wanted.gguf.copy.part');
  jobs = [{ repo: 'ada/tiny', files: [{ path: 'wanted.gguf', size: 2000, received: 1000 }] }];
  const left = write(50, 'models/ada/tiny/left.gguf.copy.part');
  expect(await of('partial')).toEqual([1050, 50]);
  await storage.reclaim('partial');
  expect([...others, copy].every(existsSync)).toBe(true);
  expect(existsSync(left)).toBe(false);
});

test('a copy that was killed can be reclaimed, one that is under way cannot', async () => {
  const draft = write(1000, 'models/imported/tiny/tiny.gguf.importing');
  let copied = (): void => {};
  const copying = library.tasks.run({ kind: 'import', name: 'tiny.gguf', total: 1000 }, () => new Promise<void>((done) => (copied = done)));
  expect(await of('partial')).toEqual([1000, 0]);
  await storage.reclaim('partial');
  expect(existsSync(draft)).toBe(true);
  copied();
  await copying;
  expect(await of('partial')).toEqual([1000, 1000]);
  await storage.reclaim('partial');
  expect(existsSync(draft)).toBe(false);
});

test('two names of one file take its room once', async () => {
  const file = room.put(tiny.q4, 'models/ada/tiny/tiny-Q4_K_M.gguf');
  mkdirSync(join(room.models, 'grace/tiny'), { recursive: true });
  linkSync(file, join(room.models, 'grace/tiny/tiny-Q4_K_M.gguf'));
  expect(await of('models')).toEqual([sizeOf(tiny.q4), 0]);
  expect(library.list()).toHaveLength(2);
});

test('the bin is counted and emptied; headers and searches are made again; engine, chats and pictures stay', async () => {
  room.put(tiny.q4, 'models/ada/tiny/tiny-Q4_K_M.gguf');
  await library.refresh();
  await library.remove('ada/tiny/tiny-Q4_K_M.gguf');
  expect(await of('bin')).toEqual([sizeOf(tiny.q4), sizeOf(tiny.q4)]);
  expect(await of('models')).toEqual([0, 0]);
  await storage.reclaim('bin');
  expect(await of('bin')).toEqual([0, 0]);

  const engine = write(300, 'cache/llama-server/llama-server');
  write(40, 'cache/search/page.json');
  const state = write(60, 'cache/states/abc.state');
  write(700, 'atelier.db');
  write(70, 'atelier.db-wal');
  const blob = write(90, 'blobs/ab/abc');
  const [headers, reclaimable] = await of('headers');
  expect(headers).toBeGreaterThanOrEqual(40);
  expect(reclaimable).toBe(headers);
  expect(await of('states')).toEqual([60, 60]);
  const [cache] = await of('cache');
  expect(cache).toBeGreaterThanOrEqual(300);
  expect(await of('chats')).toEqual([770, 20]);
  expect(await of('images')).toEqual([90, 30]);
  for (const kind of ['chats', 'images'] as const) await storage.reclaim(kind);
  expect(removed).toBe(2);
  expect([await of('chats'), await of('images')]).toEqual([
    [770, 0],
    [90, 0],
  ]);
  for (const kind of ['headers', 'cache', 'logs'] as const) await storage.reclaim(kind);
  expect(await of('headers')).toEqual([0, 0]);
  expect(existsSync(state)).toBe(true);
  await storage.reclaim('states');
  expect(await of('states')).toEqual([0, 0]);
  expect([engine, blob, join(room.root, 'atelier.db')].every(existsSync)).toBe(true);
});
