/** Moves of the models folder, with real files on real drives. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LibraryLists } from '../../shared/schemas/library.ts';
import { type ModelsFolder, openModelsFolder } from '../modelsFolder.ts';
import { carry } from './carry.ts';
import { recoverMoves } from './former.ts';
import type { Library } from './index.ts';
import { lockModels } from './lock.ts';
import { writeMeta } from './meta.ts';
import { createMoves, type Moves } from './move.ts';
import { planMove } from './movePlan.ts';
import { createRoom, mountDrive, type Room, sha256Of, sizeOf, tiny } from './testing.ts';

const q4 = 'ada/tiny-GGUF/tiny-Q4_K_M.gguf';
const projector = 'ada/tiny-GGUF/mmproj-tiny-F16.gguf';
const signal = new AbortController().signal;

let room: Room;
let models: ModelsFolder;
let library: Library;
let moves: Moves;
let unlock = (): void => {};
let loaded: string[];
let lists: LibraryLists;
/** Called when a move has looked at everything and begins. */
let begun: () => void;
/** A folder on another drive, and one on the drive of the room. */
let drive: string;
let near: string;
const drives: string[] = [];

/** What it takes to tell that nothing in a folder was changed. */
function snapshot(folder: string): Record<string, string> {
  const names = fs.existsSync(folder) ? (fs.readdirSync(folder, { recursive: true }) as string[]) : [];
  const files = names.filter((name) => !name.startsWith('.lock') && !fs.lstatSync(join(folder, name)).isDirectory());
  return Object.fromEntries(
    files.sort().map((name) => {
      const file = join(folder, name);
      const found = fs.lstatSync(file);
      return [name, found.isSymbolicLink() ? `-> ${fs.readlinkSync(file)}` : `${sha256Of(file)} ${Math.round(found.mtimeMs)}`];
    }),
  );
}

/** As the app opens them at its start. */
async function open(): Promise<void> {
  models = openModelsFolder({ data: room.root, cache: join(room.root, 'cache'), models: room.models });
  unlock();
  unlock = lockModels(models.folders.models);
  await recoverMoves(models);
  const former = (): string[] => models.get().former.map(({ folder }) => folder);
  library = room.open({
    folders: models.folders,
    former,
    lists: {
      get: () => lists,
      set(next) {
        lists = next;
      },
    },
  });
  moves = createMoves({
    models,
    library: {
      ...library,
      list() {
        if (models.get().unfinished.length > 0) begun();
        return library.list();
      },
    },
    downloads: { hold: async () => () => {} },
    apps: () => [{ app: 'lmstudio', folder: join(room.root, 'lmstudio') }],
    isLoaded: (id) => loaded.includes(id),
    onLocked(next) {
      const last = unlock;
      unlock = next;
      return last;
    },
    log: { warn: (message, data) => console.warn(message, data) },
    spareBytes: 0,
  });
  await library.refresh();
}

beforeEach(async ({ skip }) => {
  if (!fs.existsSync('/dev/shm')) skip('a second drive: there is no /dev/shm');
  room = createRoom();
  loaded = [];
  begun = () => {};
  lists = { folders: [], files: [], hidden: [] };
  near = join(room.root, 'elsewhere/models');
  drive = fs.mkdtempSync('/dev/shm/atelier-drive-');
  room.put(tiny.q4, 'models', q4);
  room.put(tiny.projector, 'models', projector);
  for (const path of [q4, projector]) {
    const file = join(room.models, path);
    const [size, verifiedAt] = [sizeOf(file), new Date().toISOString()];
    await writeMeta(file, { repo: 'ada/tiny-GGUF', commit: 'c', path: basename(path), size, sha256: sha256Of(file), verifiedAt });
  }
  await open();
});
afterEach(async () => {
  await library.tasks.close();
  await library.refresh();
  unlock();
  unlock = () => {};
  for (const folder of drives.splice(0)) execFileSync('umount', [folder]);
  fs.rmSync(drive, { recursive: true, force: true });
  room.clear();
});

/** A drive of its own, where the system lets this test have one. */
function mount(folder: string, options: string, skip: (note: string) => never): void {
  mountDrive(folder, options, skip);
  drives.push(folder);
}
const problem = (reason: string, data: object = {}) => ({ code: 'library.cannotMove', data: expect.objectContaining({ reason, ...data }) });
test('to another drive: all is copied, with times, links and second names; the old files go to the bin and come back', async () => {
  const repo = join(room.models, 'ada/tiny-GGUF');
  fs.linkSync(join(room.models, q4), join(repo, 'second-Q4_K_M.gguf'));
  fs.symlinkSync('tiny-Q4_K_M.gguf', join(repo, 'near.link'));
  fs.symlinkSync(tiny.q8, join(repo, 'far-Q8_0.gguf'));
  fs.mkdirSync(join(room.models, 'bob/x'), { recursive: true });
  fs.writeFileSync(join(room.models, 'bob/x/big.gguf.part'), 'half');
  fs.truncateSync(join(room.models, 'bob/x/big.gguf.part'), 40 * 2 ** 20);
  fs.writeFileSync(join(room.models, '.downloads.json'), '{"v":1,"jobs":[]}');
  room.put(tiny.q8, 'models/bob/y/gone-Q8_0.gguf');
  room.put(tiny.q8, 'models/bob/z/own-Q8_0.gguf');
  await library.refresh();
  await library.remove('bob/y/gone-Q8_0.gguf');
  const before = snapshot(room.models);
  const ids = library.list().map(({ id }) => id);
  const to = join(drive, 'big/models');

  const plan = await moves.plan(to);
  expect(plan).toMatchObject({ from: room.models, to, files: Object.keys(before).length, sameDrive: false, free: expect.any(Number) });
  expect(plan.binned).toBeGreaterThan(sizeOf(tiny.q8));
  expect(fs.existsSync(join(drive, 'big'))).toBe(false);
  await moves.move(to);

  expect(models.folders.models).toBe(to);
  expect(snapshot(to)).toEqual(before);
  expect(fs.statSync(join(to, q4)).ino).toBe(fs.statSync(join(to, 'ada/tiny-GGUF/second-Q4_K_M.gguf')).ino);
  expect(fs.statSync(join(to, 'bob/x/big.gguf.part')).blocks * 512).toBeLessThan(2 ** 22);
  expect(library.list().map(({ id }) => id)).toEqual(ids);
  expect(library.list().find(({ id }) => id === q4)).toMatchObject({ verified: true, vision: true, source: { folder: to } });
  expect((await library.resolve(q4)).files).toEqual([join(to, q4)]);
  // Also of what was never read before, the content is known now.
  expect(library.list().find(({ id }) => id === 'bob/z/own-Q8_0.gguf')!.files[0]!.sha256).toBe(sha256Of(tiny.q8));

  expect(fs.readdirSync(room.models)).toEqual(['.bin']);
  const [moved, removed] = library.bin();
  expect(moved).toMatchObject({ id: room.models, name: room.models, moved: true, size: expect.any(Number) });
  expect(removed).toMatchObject({ id: 'bob/y/gone-Q8_0.gguf' });
  await library.restore(removed!.id);
  expect(fs.existsSync(join(to, 'bob/y/gone-Q8_0.gguf'))).toBe(true);
  await library.restore(room.models);
  expect(lists.folders).toEqual([room.models]);
  const { 'ada/tiny-GGUF/near.link': near, 'ada/tiny-GGUF/far-Q8_0.gguf': far, ...files } = before;
  expect([near, far]).toEqual(['-> tiny-Q4_K_M.gguf', `-> ${tiny.q8}`]);
  expect(snapshot(room.models)).toEqual(files);
});

test('on the same drive files get other names: no byte is written, and nothing stays behind', async () => {
  const { ino } = fs.statSync(join(room.models, q4));
  const before = snapshot(room.models);
  await moves.move(near);
  expect(snapshot(near)).toEqual(before);
  expect(fs.statSync(join(near, q4)).ino).toBe(ino);
  expect(fs.existsSync(room.models)).toBe(false);
  expect(library.bin()).toEqual([]);
  // And back again.
  await moves.move(room.models);
  expect(snapshot(room.models)).toEqual(before);
  expect(fs.existsSync(near)).toBe(false);
  await open();
  expect(models.folders.models).toBe(room.models);
  expect(models.get()).toMatchObject({ unfinished: [], former: [] });
});

test('the next start knows the folder; an old bin that was emptied takes its folder with it', async () => {
  await moves.move(drive);
  await open();
  expect(models.folders.models).toBe(drive);
  expect(library.list().map(({ id }) => id)).toEqual([q4]);
  expect(library.bin()).toMatchObject([{ id: room.models, moved: true }]);
  await library.emptyBin(room.models);
  await open();
  expect(models.get().former).toEqual([]);
  expect(fs.existsSync(room.models)).toBe(false);
});

test('what lies in the new folder stays, also where it is what the move would have brought', async () => {
  fs.mkdirSync(dirname(join(drive, q4)), { recursive: true });
  fs.cpSync(tiny.q4, join(drive, q4));
  fs.writeFileSync(join(drive, 'notes.txt'), 'mine');
  const { ino } = fs.statSync(join(drive, q4));
  await moves.move(drive);
  expect(fs.statSync(join(drive, q4)).ino).toBe(ino);
  expect(fs.readFileSync(join(drive, 'notes.txt'), 'utf8')).toBe('mine');
  expect(library.list()).toMatchObject([{ id: q4, vision: true }]);
});

test('each refusal says why, and touches nothing', async () => {
  const before = snapshot(room.root);
  const refused = async (to: string, reason: string, data: object = {}): Promise<void> => {
    await expect(moves.plan(to)).rejects.toMatchObject(problem(reason, data));
    await expect(moves.move(to)).rejects.toMatchObject(problem(reason, data));
  };
  await refused('models', 'notAbsolute');
  await refused(join(room.models, q4), 'notFolder');
  await refused(join(room.models, q4, 'below'), 'notFolder');
  await refused(room.models, 'same');
  await refused(`${room.models}/../models/`, 'same');
  await refused(join(room.models, 'ada/new'), 'inside');
  await refused(room.root, 'around');
  fs.symlinkSync(room.models, join(drive, 'link'));
  await refused(join(drive, 'link'), 'same');
  await refused(join(drive, 'link/new'), 'inside');
  fs.mkdirSync(join(room.root, 'lmstudio'));
  await refused(join(room.root, 'lmstudio/ours'), 'otherApp');
  fs.rmdirSync(join(room.root, 'lmstudio'));
  fs.mkdirSync(join(drive, 'x/ada/tiny-GGUF'), { recursive: true });
  fs.writeFileSync(join(drive, 'x', q4), 'another one');
  await refused(join(drive, 'x'), 'collides', { file: q4 });
  loaded = [q4];
  await refused(drive, 'loaded');
  loaded = [];
  const busy = library.tasks.run(
    { kind: 'compare', name: 'x', total: 1 },
    (until) => new Promise((_, reject) => until.addEventListener('abort', () => reject(until.reason))),
  );
  await expect(moves.move(drive)).rejects.toMatchObject(problem('busy'));
  await library.tasks.close();
  await expect(busy).rejects.toMatchObject({ code: 'cancelled' });
  expect(snapshot(room.root)).toEqual(before);
  expect(models.get()).toMatchObject({ unfinished: [], former: [] });

  const fixed = openModelsFolder({ ...models.folders, models: room.models, modelsFixed: true });
  const of = { library, downloads: { hold: async () => () => {} }, apps: () => [], isLoaded: () => false, onLocked: () => () => {}, log: console };
  await expect(createMoves({ ...of, models: fixed }).plan(drive)).rejects.toMatchObject(problem('named'));
  await expect(createMoves({ ...of, models, spareBytes: 2 ** 60 }).plan(drive)).rejects.toMatchObject(problem('noRoom', { missing: expect.any(Number) }));
  fs.renameSync(room.models, `${room.models}-gone`);
  await refused(drive, 'notThere');
});

test('a folder where nothing can be written is refused', async ({ skip }) => {
  const folder = join(drive, 'fixed');
  mount(folder, 'size=1m,ro', skip);
  await expect(moves.plan(join(folder, 'new'))).rejects.toMatchObject(problem('notWritable'));
});

test('a cancelled move leaves the old folder as it was, and of the new one nothing; meanwhile nothing changes the models', async () => {
  for (let copy = 0; copy < 20; copy++) fs.writeFileSync(join(room.models, `ada/${copy}.bin`), Buffer.alloc(2 ** 20, copy + 1));
  fs.mkdirSync(join(drive, 'ada'));
  const before = snapshot(room.models);
  const refused: Promise<unknown>[] = [];
  begun = () => {
    refused.push(
      library.remove(q4),
      library.import(tiny.q8, 'link'),
      library.emptyBin(),
      library.link('x'.repeat(64)).catch(() => library.restore('x')),
    );
    for (const each of refused) each.catch(() => {});
    expect(() => lockModels(drive)).toThrow();
    const timer = setInterval(() => {
      if (!fs.existsSync(join(drive, 'ada/10.bin.moving'))) return;
      clearInterval(timer);
      void library.tasks.close();
    }, 1);
  };
  await expect(moves.move(drive)).rejects.toMatchObject({ code: 'cancelled' });
  for (const each of refused) await expect(each).rejects.toMatchObject({ code: 'library.moving' });
  expect(refused).toHaveLength(4);
  expect(snapshot(room.models)).toEqual(before);
  expect(fs.readdirSync(drive, { recursive: true })).toEqual(['ada']);
  expect(models.folders.models).toBe(room.models);
  expect(models.get().unfinished).toEqual([]);
  begun = () => {};
  await moves.move(drive);
  expect(snapshot(drive)).toEqual(before);
});

test('a drive that fills up on the way is cleared again, and the models stay where they are', async ({ skip }) => {
  const folder = join(drive, 'small');
  mount(folder, 'size=12m', skip);
  begun = () => fs.writeFileSync(join(folder, 'other'), Buffer.alloc(8 * 2 ** 20, 1));
  const before = snapshot(room.models);
  await expect(moves.move(folder)).rejects.toMatchObject(problem('noRoom', { missing: expect.any(Number) }));
  expect(snapshot(room.models)).toEqual(before);
  expect(fs.readdirSync(folder)).toEqual(['other']);
  expect(models.folders.models).toBe(room.models);
});

test('files that come or change meanwhile stop the move', async () => {
  for (const change of [(): void => fs.writeFileSync(join(room.models, 'ada/new.gguf'), 'new'), (): void => fs.appendFileSync(join(room.models, q4), 'x')]) {
    begun = change;
    await expect(moves.move(drive)).rejects.toMatchObject(problem('changed'));
    expect(fs.readdirSync(drive)).toEqual([]);
  }
});

test('a file that is not what was downloaded any more stops the move', async () => {
  const file = join(room.models, q4);
  const { atime, mtime } = fs.statSync(file);
  flip(file);
  fs.utimesSync(file, atime, mtime);
  await expect(moves.move(drive)).rejects.toMatchObject(problem('damaged', { file: q4 }));
  expect(fs.readdirSync(drive)).toEqual([]);
});

test('a byte that the new drive keeps wrong is found, in a copy and in what was there before', async () => {
  const ahead = await planMove(room.models, drive, { apps: [], spare: 0 });
  for (const folder of ahead.folders) fs.mkdirSync(folder);
  const written = ahead.size;
  let flipped = false;
  const onBytes = (done: number): void => {
    if (done < written || flipped) return;
    flipped = true;
    flip(`${join(drive, q4)}.moving`);
  };
  await expect(carry(ahead, { signal, onBytes, known: () => undefined })).rejects.toMatchObject(problem('miscopied', { file: q4 }));
  expect(flipped).toBe(true);

  fs.rmSync(drive, { recursive: true });
  fs.mkdirSync(dirname(join(drive, q4)), { recursive: true });
  fs.cpSync(tiny.q4, join(drive, q4));
  flip(join(drive, q4));
  const kept = snapshot(drive);
  await expect(moves.move(drive)).rejects.toMatchObject(problem('collides', { file: q4 }));
  expect(snapshot(drive)).toEqual(kept);
});

/** Moves in a process of its own, which is killed at a point. */
async function killed(at: 'copied' | 'published' | 'switched' | 'binning'): Promise<void> {
  unlock();
  unlock = () => {};
  const of = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const script = `
    import fs from 'node:fs';
    import { openModelsFolder } from ${of('../modelsFolder.ts')};
    import { createLibrary } from ${of('./index.ts')};
    import { createMoves } from ${of('./move.ts')};
    import { lockModels } from ${of('./lock.ts')};
    const die = () => process.kill(process.pid, 'SIGKILL');
    const models = openModelsFolder(${JSON.stringify({ data: room.root, cache: join(room.root, 'cache'), models: room.models })});
    const unlock = lockModels(models.folders.models);
    const headers = { forFile: async () => ({ facts: { type: 'model' } }) };
    const library = createLibrary({ folders: models.folders, headers, cacheFolder: models.folders.cache });
    await library.refresh();
    const { set } = models;
    models.set = async (change) => {
      if (change.folder && ${at === 'published'}) die();
      await set(change);
      if (change.folder && ${at === 'switched'}) die();
    };
    if (${at === 'copied'}) setInterval(() => fs.existsSync(${JSON.stringify(join(drive, 'x/ada/5.bin.moving'))}) && die(), 1);
    const bin = ${JSON.stringify(join(room.models, '.bin'))};
    if (${at === 'binning'}) setInterval(() => fs.existsSync(bin) && fs.readdirSync(bin, { recursive: true }).length > 5 && die(), 0);
    const moves = createMoves({ models, library, downloads: { hold: async () => () => {} }, apps: () => [], isLoaded: () => false, onLocked: () => unlock, log: console, spareBytes: 0 });
    await moves.move(${JSON.stringify(join(drive, 'x'))});
    die();`;
  const file = join(room.root, 'mover.mjs');
  fs.writeFileSync(file, script);
  const child = spawn(process.execPath, [file], { stdio: 'inherit' });
  const [, by] = await once(child, 'exit');
  expect(by).toBe('SIGKILL');
}

test.for(['copied', 'published'] as const)('kill -9 when it is %s: the old folder is in use, and the next start takes away what was made', async (at) => {
  for (let copy = 0; copy < 20; copy++) fs.writeFileSync(join(room.models, `ada/${copy}.bin`), Buffer.alloc(2 ** 20, copy + 1));
  fs.writeFileSync(join(drive, 'notes.txt'), 'mine');
  const before = snapshot(room.models);
  await killed(at);
  expect(fs.existsSync(join(drive, 'x/ada'))).toBe(true);
  expect(snapshot(room.models)).toEqual(before);
  await open();
  expect(models.folders.models).toBe(room.models);
  expect(models.get()).toMatchObject({ unfinished: [], former: [] });
  expect(fs.readdirSync(drive)).toEqual(['notes.txt']);
  expect(library.list()).toMatchObject([{ id: q4 }]);
});

test.for(['switched', 'binning'] as const)('kill -9 when it is %s: the new folder is in use, and at the next start the old files go to the bin', async (at) => {
  for (let copy = 0; copy < 20; copy++) fs.writeFileSync(join(room.models, `ada/${copy}.bin`), Buffer.alloc(2 ** 16, copy + 1));
  const before = snapshot(room.models);
  await killed(at);
  await open();
  expect(models.folders.models).toBe(join(drive, 'x'));
  expect(snapshot(join(drive, 'x'))).toEqual(before);
  expect(fs.readdirSync(room.models)).toEqual(['.bin']);
  expect(library.list()).toMatchObject([{ id: q4, verified: true }]);
  for (const { id } of library.bin()) await library.restore(id);
  expect(snapshot(room.models)).toEqual(before);
  expect(library.bin()).toEqual([]);
});

function flip(file: string): void {
  const handle = fs.openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  fs.readSync(handle, byte, 0, 1, 1000);
  fs.writeSync(handle, Buffer.from([byte[0]! ^ 1]), 0, 1, 1000);
  fs.closeSync(handle);
}
