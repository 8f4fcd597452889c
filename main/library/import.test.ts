/** Files that come in from elsewhere, and files that are there twice. */
import {
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Duplicates } from '../../shared/schemas/library.ts';
import type { Library } from './index.ts';
import { readMeta, writeMeta } from './meta.ts';
import { createRoom, putOllama, type Room, sha256Of, sizeOf, tiny } from './testing.ts';

let room: Room;
let library: Library;
beforeEach(() => {
  room = createRoom();
  library = room.open({ apps: () => [{ app: 'ollama', folder: join(room.root, 'ollama') }] });
});
afterEach(async () => {
  await library.refresh();
  room.clear();
});
const at = (id: string): string => join(room.models, id);
const same = (one: string, other: string): boolean => statSync(one).ino === statSync(other).ino;

describe('import', () => {
  test.each(['link', 'copy'] as const)('as a %s: into a folder of its own, with its shards and its projector', async (mode) => {
    for (const index of [1, 2, 3]) room.put(tiny.shard(index), 'elsewhere', `tiny-Q8_0-0000${index}-of-00003.gguf`);
    room.put(tiny.projector, 'elsewhere/mmproj-tiny-F16.gguf');
    const from = join(room.root, 'elsewhere/tiny-Q8_0-00001-of-00003.gguf');
    const id = await library.import(from, mode);
    expect(id).toBe('imported/tiny-Q8_0/tiny-Q8_0-00001-of-00003.gguf');
    expect(library.list()).toMatchObject([{ id, label: 'Q8_0', vision: true, source: { app: 'atelier', reference: false } }]);
    expect(library.list()[0]!.files).toHaveLength(3);
    expect(same(from, at(id!))).toBe(mode === 'link');
    expect(readFileSync(at(id!)).equals(readFileSync(from))).toBe(true);
    expect(readdirSync(at('imported/tiny-Q8_0'))).toHaveLength(4);
    await expect(library.import(from, mode)).rejects.toMatchObject({ code: 'library.exists' });
    // What is in the library already is only named.
    expect(await library.import(at(id!), mode)).toBe(id);
  });

  test.each(['reference', 'link', 'copy'] as const)('as a %s: any of its files, and all of them one after the other, are one model', async (mode) => {
    const parts = [3, 1, 2].map((index) => room.put(tiny.shard(index), 'elsewhere', `tiny-Q8_0-0000${index}-of-00003.gguf`));
    const eyes = room.put(tiny.projector, 'elsewhere/mmproj-tiny-F16.gguf');
    const id = await library.import(parts[0]!, mode);
    expect(library.list()).toMatchObject([{ id, vision: true, files: [1, 2, 3].map((index) => ({ path: expect.stringContaining(`0000${index}-of`) })) }]);
    const before = readdirSync(room.root, { recursive: true });
    for (const file of [parts[2]!, eyes]) expect(await library.import(file, mode)).toBe(id);
    expect(library.list()).toHaveLength(1);
    expect(readdirSync(room.root, { recursive: true })).toEqual(before);
  });

  test('where it lies: listed from there, taken off the list without being touched, and put back', async () => {
    const file = room.put(tiny.q4, 'elsewhere/some model.gguf');
    room.put(tiny.q8, 'elsewhere/deeper/other-Q8_0.gguf');
    expect(await library.import(file, 'reference')).toBe(file);
    expect(library.list()).toMatchObject([{ id: file, label: 'Q4_K_M', source: { app: 'folder', reference: true } }]);
    expect(await library.removal(file)).toMatchObject({ files: [], stays: [{ path: file }] });
    await library.remove(file);
    expect(library.list()).toEqual([]);
    expect(existsSync(file)).toBe(true);
    await library.restore(file);
    expect(library.list()).toMatchObject([{ id: file }]);
  });

  test('a path from the home folder, and an address of a file as it is pasted', async () => {
    const file = room.put(tiny.q4, 'home/my model.gguf');
    vi.stubEnv('HOME', room.home);
    vi.stubEnv('USERPROFILE', room.home);
    try {
      expect(await library.import('~/my model.gguf', 'reference')).toBe(file);
    } finally {
      vi.unstubAllEnvs();
    }
    expect(await library.import(pathToFileURL(file).href, 'reference')).toBe(file);
    for (const typed of ['file://elsewhere.example/x.gguf', '~', 'my model.gguf'])
      await expect(library.import(typed, 'reference')).rejects.toMatchObject({ code: 'library.noFile', data: { path: typed } });
  });

  test('a folder is looked through from now on', async () => {
    room.put(tiny.q4, 'drive/x/tiny-Q4_K_M.gguf');
    expect(await library.import(join(room.root, 'drive'), 'copy')).toBeUndefined();
    expect(library.list()).toMatchObject([{ label: 'Q4_K_M', source: { app: 'folder', folder: join(room.root, 'drive') } }]);
  });

  test('what is no model is refused before anything is written', async () => {
    const page = join(room.root, 'page.gguf');
    writeFileSync(page, '<!doctype html>');
    const cut = room.put(tiny.q4, 'cut.gguf');
    truncateSync(cut, 1_000_000);
    const half = room.put(tiny.shard(1), 'half/tiny-Q8_0-00001-of-00003.gguf');
    for (const mode of ['reference', 'link', 'copy'] as const) {
      await expect(library.import(page, mode)).rejects.toMatchObject({ code: 'gguf.notGguf' });
      await expect(library.import(cut, mode)).rejects.toMatchObject({ code: 'gguf.truncated' });
      await expect(library.import(half, mode)).rejects.toMatchObject({ code: 'gguf.partMissing' });
      await expect(library.import(join(room.root, 'nothing.gguf'), mode)).rejects.toMatchObject({ code: 'library.noFile' });
    }
    expect(existsSync(room.models)).toBe(false);
    expect(library.list()).toEqual([]);
  });

  test('a projector goes to the one model that it fits, and says so when there is none or several', async () => {
    const eyes = room.put(tiny.projector, 'elsewhere/eyes.gguf');
    await expect(library.import(eyes, 'copy')).rejects.toMatchObject({ code: 'library.noModelFor' });
    room.put(tiny.q4, 'models/ada/tiny/tiny-Q4_K_M.gguf');
    room.put(tiny.q8, 'models/grace/tiny/tiny-Q8_0.gguf');
    await library.refresh();
    await expect(library.import(eyes, 'copy')).rejects.toMatchObject({ code: 'library.whichModel', data: { names: 'Tiny Qwen3.5 VL' } });
    await library.remove('grace/tiny/tiny-Q8_0.gguf');
    expect(await library.import(eyes, 'copy')).toBe('ada/tiny/tiny-Q4_K_M.gguf');
    expect(library.list()).toMatchObject([{ vision: true, projector: { path: 'ada/tiny/eyes.gguf' } }]);
  });

  test('two files of one name that come at the same time never become one', async () => {
    const one = room.put(tiny.q4, 'one/model.gguf');
    const other = room.put(tiny.q8, 'other/model.gguf');
    const files = [one, other, one];
    const outcomes = await Promise.allSettled(files.map((file) => library.import(file, 'copy')));
    const brought = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [files[index]!] : []));
    // Whichever was read first.
    expect(brought).toHaveLength(1);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'library.exists' });
    expect(readFileSync(at('imported/model/model.gguf')).equals(readFileSync(brought[0]!))).toBe(true);
  });

  test.each(['link', 'copy'] as const)('a hidden file is listed under a name that is not hidden (%s)', async (mode) => {
    const id = await library.import(room.put(tiny.q4, 'elsewhere/.model.gguf'), mode);
    expect(library.list()).toMatchObject([{ id, name: 'Tiny Qwen3.5 VL' }]);
  });

  test('the second name of a link is one of the file that it leads to', async () => {
    const file = room.put(tiny.q4, 'elsewhere/real.gguf');
    symlinkSync('real.gguf', join(room.root, 'elsewhere/model.gguf'));
    const id = await library.import(join(room.root, 'elsewhere/model.gguf'), 'link');
    expect(same(at(id!), file)).toBe(true);
    expect(lstatSync(at(id!)).isFile()).toBe(true);
    expect(library.list()).toHaveLength(1);
  });

  test('a second name on another drive is refused, with no folder left for it', async ({ skip }) => {
    const shared = '/dev/shm';
    skip(!existsSync(shared) || statSync(shared).dev === statSync(room.root).dev, 'needs /dev/shm as a drive of its own');
    const folder = mkdtempSync(join(shared, 'atelier-import-'));
    try {
      cpSync(tiny.q4, join(folder, 'model.gguf'));
      await expect(library.import(join(folder, 'model.gguf'), 'link')).rejects.toMatchObject({ code: 'library.cannotLink' });
      expect(existsSync(at('imported'))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a cancelled copy leaves nothing', async () => {
    const file = room.put(tiny.q4, 'elsewhere/tiny-Q4_K_M.gguf');
    // A gigabyte of hole: long enough to be cancelled.
    truncateSync(file, 2 ** 30);
    const cancel = (async () => {
      for await (const tasks of library.tasks.watch(AbortSignal.timeout(5000))) {
        if (tasks[0]) return library.tasks.end(tasks[0].id);
      }
    })();
    await expect(library.import(file, 'copy')).rejects.toMatchObject({ code: 'cancelled' });
    await cancel;
    await library.refresh();
    expect(library.list()).toEqual([]);
    expect(readdirSync(room.models)).toEqual([]);
  });
});

describe('duplicates', () => {
  const found = async (): Promise<Duplicates> => {
    await library.refresh();
    return (await library.watchDuplicates(AbortSignal.timeout(5000))[Symbol.asyncIterator]().next()).value!;
  };

  test('equal files are found by what is known, and by reading what could be equal', async () => {
    room.put(tiny.q4, 'models/ada/tiny/tiny-Q4_K_M.gguf');
    room.put(tiny.q4, 'models/grace/tiny/tiny-Q4_K_M.gguf');
    room.put(tiny.q8, 'models/ada/tiny/tiny-Q8_0.gguf');
    putOllama(room, 'ollama', 'registry.ollama.ai/library/tiny/3b', [{ mediaType: 'model', file: tiny.q4 }]);
    expect(await found()).toEqual({ groups: [], unknown: 2 * sizeOf(tiny.q4) });
    await library.compare();
    const { groups, unknown } = await found();
    expect(unknown).toBe(0);
    expect(groups).toMatchObject([{ sha256: sha256Of(tiny.q4), size: sizeOf(tiny.q4), linkable: sizeOf(tiny.q4), deletable: 2 * sizeOf(tiny.q4) }]);
    expect(groups[0]!.files.map(({ app }) => app).sort()).toEqual(['atelier', 'atelier', 'ollama']);
  });

  test('two names of the same bytes take their room once', async () => {
    const file = room.put(tiny.q4, 'models/ada/tiny/tiny-Q4_K_M.gguf');
    linkSync(file, join(room.models, 'ada/tiny/second-Q4_K_M.gguf'));
    symlinkSync(file, join(room.models, 'ada/tiny/third-Q4_K_M.gguf'));
    expect(await found()).toEqual({ groups: [], unknown: 0 });
  });

  test('linking makes one file of ours, after reading them again; another app keeps its own', async () => {
    const one = room.put(tiny.q4, 'models/ada/tiny/tiny-Q4_K_M.gguf');
    const other = room.put(tiny.q4, 'models/grace/tiny/tiny-Q4_K_M.gguf');
    putOllama(room, 'ollama', 'registry.ollama.ai/library/tiny/3b', [{ mediaType: 'model', file: tiny.q4 }]);
    const blob = join(room.root, 'ollama/blobs', `sha256-${sha256Of(tiny.q4)}`);
    for (const file of [one, other]) {
      await writeMeta(file, { repo: 'a/b', commit: 'c', path: 'p', size: sizeOf(file), sha256: sha256Of(file), verifiedAt: new Date().toISOString() });
    }
    const [group] = (await found()).groups;
    expect(group).toMatchObject({ linkable: sizeOf(tiny.q4) });
    await library.link(group!.sha256);
    expect(same(one, other)).toBe(true);
    expect(same(one, blob)).toBe(false);
    expect(readFileSync(other).equals(readFileSync(tiny.q4))).toBe(true);
    expect(await readMeta(other)).toMatchObject({ sha256: group!.sha256 });
    expect((await found()).groups).toMatchObject([{ linkable: 0, deletable: sizeOf(tiny.q4) }]);
  });

  test('a file that is not what it was is left alone', async () => {
    const one = room.put(tiny.q4, 'models/ada/tiny/tiny-Q4_K_M.gguf');
    const other = room.put(tiny.q4, 'models/grace/tiny/tiny-Q4_K_M.gguf');
    await library.compare();
    const [group] = (await found()).groups;
    const changed = readFileSync(other);
    changed[changed.length - 1] = changed.at(-1)! ^ 1;
    writeFileSync(other, changed);
    await expect(library.link(group!.sha256)).rejects.toMatchObject({ code: 'library.notEqual' });
    expect(same(one, other)).toBe(false);
    expect(readFileSync(other).equals(changed)).toBe(true);
  });
});
