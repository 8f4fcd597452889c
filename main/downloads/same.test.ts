/** What is on this computer already, in the job itself or elsewhere, against the stand-in Hub that would give it. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../e2e/hub/content.ts';
import type { LibraryFile, LibraryModel } from '../../shared/schemas/library.ts';
import { elsewhereIn } from './elsewhere.ts';
import { copyPath } from './journal.ts';
import { ended, openStandIn, repo, type StandIn, when } from './standIn.ts';

const MiB = 1024 * 1024;
const path = 'Tiny-Q8_0.gguf';
let standIn: StandIn;
let other: string;
beforeEach(async () => {
  other = await mkdtemp(join(tmpdir(), 'atelier-other-app-'));
});
afterEach(async () => {
  await standIn.close();
  await rm(other, { recursive: true });
});
const start = (downloads: ReturnType<StandIn['open']>, quantization = path) => downloads.start({ repo, commit: standIn.commit, quantization });
const onDisk = (name: string): string => join(standIn.models, repo, name);
const content = async (seed: string, size: number): Promise<Buffer> => Buffer.from(await seeded(seed, size).read(0, size));
const fetched = (): number => standIn.hub.log.reduce((sum, { at, bytesSent }) => sum + (at === 'cdn' ? bytesSent : 0), 0);

test('files of one job with the same content are fetched once, and each has its name', async () => {
  const names = ['Tiny-Q8_0-00001-of-00003.gguf', 'Tiny-Q8_0-00002-of-00003.gguf', 'Tiny-Q8_0-00003-of-00003.gguf'];
  standIn = await openStandIn(Object.fromEntries(names.map((name, index) => [name, seeded(index === 2 ? 'other' : 'twin', 3 * MiB)])));
  const downloads = standIn.open();
  await start(downloads, names[0]);
  expect(await ended(downloads)).toMatchObject({ state: 'done', received: 9 * MiB, verified: 9 * MiB });
  expect(fetched()).toBe(6 * MiB);
  for (const [index, name] of names.entries()) expect((await readFile(onDisk(name))).equals(await content(index === 2 ? 'other' : 'twin', 3 * MiB))).toBe(true);
  expect((await readdir(join(standIn.models, repo))).sort()).toEqual(names.flatMap((name) => [name, `${name}.meta.json`]));
});

describe('a file of another app', () => {
  const there = (): string => join(other, 'sha256-blob');
  const offered = () => standIn.open({ elsewhere: () => [join(other, 'not-there'), there()] });

  test('is copied without a byte from the network, and is never a second name of it', async () => {
    standIn = await openStandIn({ [path]: seeded('one', 3 * MiB) });
    await writeFile(there(), await content('one', 3 * MiB));
    const before = await stat(there());
    const downloads = offered();
    await start(downloads);
    expect(await ended(downloads)).toMatchObject({ state: 'done', received: 3 * MiB });
    expect(standIn.hub.log).toEqual([]);
    expect((await readFile(onDisk(path))).equals(await content('one', 3 * MiB))).toBe(true);
    expect((await stat(onDisk(path))).ino).not.toBe(before.ino);
    expect(await stat(there())).toMatchObject({ nlink: 1, mtimeMs: before.mtimeMs, size: before.size });
    expect((await readdir(join(standIn.models, repo))).sort()).toEqual([path, `${path}.meta.json`]);
  });

  test.each([
    ['has other bytes by now', async () => writeFile(there(), Buffer.alloc(3 * MiB, 7))],
    ['is shorter', async () => writeFile(there(), Buffer.alloc(MiB))],
    ['cannot be read', async () => mkdir(there())],
  ])('that %s is left, and the file is fetched', async (_, put) => {
    standIn = await openStandIn({ [path]: seeded('one', 3 * MiB) });
    await put();
    const downloads = offered();
    await start(downloads);
    expect(await ended(downloads)).toMatchObject({ state: 'done' });
    expect(fetched()).toBe(3 * MiB);
    expect((await readFile(onDisk(path))).equals(await content('one', 3 * MiB))).toBe(true);
    expect((await readdir(join(standIn.models, repo))).sort()).toEqual([path, `${path}.meta.json`]);
  });

  test('whose copy is stopped leaves nothing; what a kill had left goes with the job', async () => {
    standIn = await openStandIn({ [path]: seeded('one', 3 * MiB) });
    await writeFile(there(), await content('one', 3 * MiB));
    let stopped: Promise<void> | undefined;
    const downloads = standIn.open({
      elsewhere: () => {
        stopped = downloads.pause(downloads.list()[0]!.id);
        return [there()];
      },
    });
    const { id } = await start(downloads);
    await when(downloads, ({ state }) => state === 'paused');
    await stopped;
    expect(await readdir(join(standIn.models, repo))).toEqual([]);
    await writeFile(copyPath(onDisk(path)), 'half');
    await downloads.cancel(id);
    expect(await readdir(join(standIn.models, repo))).toEqual([]);
  });
});

describe('where to look', () => {
  const wanted = { path: 'Q8_0/Tiny-Q8_0.gguf', size: 10, sha256: 'a'.repeat(64) };
  const model = (app: LibraryModel['source']['app'], file: LibraryFile, more: Partial<LibraryModel> = {}): LibraryModel => ({
    ...{ id: file.path, repo: '', name: '', label: '', files: [file], size: file.size, source: { app, folder: '/x', reference: false } },
    ...{ architecture: '', contextLength: 0, vision: false, thinking: false, verified: false, addedAt: '', ...more },
  });
  const found = (...models: LibraryModel[]) => elsewhereIn(models, '/models', wanted);

  test('known content first, then files of the same name and size that nobody has read', () => {
    const blob = { path: '/ollama/blobs/sha256-aa', size: 10, sha256: wanted.sha256 };
    const alike = { path: '/lmstudio/x/y/Tiny-Q8_0.gguf', size: 10 };
    const projector = { path: '/hub/mmproj', size: 10, sha256: wanted.sha256 };
    const text = { path: '/hub/text', size: 10, sha256: 'b'.repeat(64) };
    expect(found(model('lmstudio', alike), model('ollama', blob), model('huggingface', text, { projector }))).toEqual([blob.path, projector.path, alike.path]);
  });

  test('not among our own, which are linked, nor on a drive that is not there, nor where another size or content is known', () => {
    const same = { path: 'a/b/Tiny-Q8_0.gguf', size: 10, sha256: wanted.sha256 };
    const read = { path: '/x/Tiny-Q8_0.gguf', size: 10, sha256: 'b'.repeat(64) };
    const larger = { path: '/x/Tiny-Q8_0.gguf', size: 11 };
    expect(found(model('atelier', same), model('folder', same, { problem: 'missingDrive' }), model('jan', read), model('jan', larger))).toEqual([]);
    expect(elsewhereIn([model('jan', { path: '/x/Tiny-Q8_0.gguf', size: 10 })], '/models', { path: wanted.path, size: 10 })).toEqual([]);
  });
});
