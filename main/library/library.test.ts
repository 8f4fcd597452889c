/** The library over real GGUF files, as a person fills and clears the models folder. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LibraryModel } from '../../shared/schemas/library.ts';
import { createHeaders } from '../gguf/headers.ts';
import { createHub } from '../hub/client.ts';
import { createLibrary, type Library } from './index.ts';
import { writeMeta } from './meta.ts';

const fixtures = new URL('../../e2e/fixtures/tiny-qwen3.5-vl/', import.meta.url).pathname;
const repo = 'atelier/tiny-GGUF';
const q4 = `${repo}/tiny-qwen3.5-vl-Q4_K_M.gguf`;
const q8 = `${repo}/tiny-qwen3.5-vl-Q8_0.gguf`;
const projector = `${repo}/mmproj-tiny-qwen3.5-vl-F16.gguf`;
const shard = (index: number): string => `${repo}/Q8_0/tiny-qwen3.5-vl-Q8_0-0000${index}-of-00003.gguf`;

let root: string;
let folder: string;
let library: Library;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'atelier-library-'));
  folder = join(root, 'models');
  const headers = createHeaders({ hub: createHub({ endpoint: 'http://127.0.0.1:9', redirectHosts: [], token: undefined }), cacheFolder: join(root, 'cache') });
  library = createLibrary({ folders: { models: folder }, headers, cacheFolder: join(root, 'cache') });
});
afterEach(async () => {
  await library.refresh();
  rmSync(root, { recursive: true, force: true });
});

const at = (path: string): string => join(folder, path);
function add(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(at(path)), { recursive: true });
    cpSync(join(fixtures, path.slice(path.lastIndexOf('/') + 1)), at(path));
  }
}
async function listed(): Promise<LibraryModel[]> {
  await library.refresh();
  return library.list();
}
/** Every file of the folder, the bin left out. */
const files = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.bin'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

test('a folder that is not there is an empty library', async () => {
  expect(await listed()).toEqual([]);
});

test('lists what the headers say, with the projector of the folder', async () => {
  add(q4, projector);
  const [model, ...more] = await listed();
  expect(more).toEqual([]);
  expect(model).toMatchObject({
    id: q4,
    repo,
    label: 'Q4_K_M',
    files: [{ path: q4 }],
    projector: { path: projector },
    architecture: 'qwen35',
    vision: true,
    verified: false,
  });
  expect(model!.size).toBe(readFileSync(at(q4)).length + readFileSync(at(projector)).length);
  expect(model!.contextLength).toBeGreaterThan(0);
  expect(model!.parameters).toBeGreaterThan(1_000_000);
  expect(model).not.toHaveProperty('problem');
  expect(model).not.toHaveProperty('lacksProjector');
  const resolved = await library.resolve(q4);
  expect(resolved).toMatchObject({ files: [at(q4)], projector: at(projector), model });
  expect(resolved.facts.embeddingLength).toBeGreaterThan(0);
});

test('a model whose template takes pictures says that its projector is not here', async () => {
  add(q4);
  expect(await listed()).toMatchObject([{ id: q4, vision: false, lacksProjector: true }]);
});

test('shards are one model; its projector may lie in the folder above', async () => {
  add(shard(2), shard(3), shard(1), projector);
  const [model, ...more] = await listed();
  expect(more).toEqual([]);
  expect(model).toMatchObject({ id: shard(1), label: 'Q8_0', files: [1, 2, 3].map((index) => ({ path: shard(index) })), projector: { path: projector } });
  expect((await library.resolve(shard(1))).files).toEqual([1, 2, 3].map((index) => at(shard(index))));
});

test('broken files are listed with what is wrong, and the others with nothing', async () => {
  add(q4, q8, shard(1), shard(3));
  truncateSync(at(q8), 3_000_000);
  writeFileSync(at(`${repo}/page-Q6_K.gguf`), '<!doctype html>');
  writeFileSync(at(`${repo}/empty-Q6_K.gguf`), '');
  const problems = Object.fromEntries((await listed()).map(({ id, problem }) => [id, problem]));
  expect(problems).toEqual({
    [q4]: undefined,
    [q8]: 'truncated',
    [shard(1)]: 'missingShard',
    [`${repo}/page-Q6_K.gguf`]: 'notGguf',
    [`${repo}/empty-Q6_K.gguf`]: expect.stringMatching(/notGguf|truncated/),
  });
  await expect(library.resolve(q8)).rejects.toMatchObject({ code: 'gguf.truncated' });
  await expect(library.resolve(`${repo}/page-Q6_K.gguf`)).rejects.toMatchObject({ code: 'gguf.notGguf' });
  await expect(library.resolve(shard(1))).rejects.toMatchObject({ code: 'gguf.partMissing' });
});

test('a file that is mended is listed without its problem', async () => {
  add(q4);
  truncateSync(at(q4), 1_000_000);
  expect((await listed())[0]).toMatchObject({ problem: 'truncated' });
  add(q4);
  expect((await listed())[0]).not.toHaveProperty('problem');
});

test('unfinished downloads, dot folders and a projector under a model name are no models; a link to a file is', async () => {
  add(q4);
  cpSync(at(q4), at(`${q8}.part`));
  mkdirSync(at('.cache/x'), { recursive: true });
  cpSync(at(q4), at('.cache/x/hidden-Q4_K_M.gguf'));
  cpSync(join(fixtures, 'mmproj-tiny-qwen3.5-vl-F16.gguf'), at(`${repo}/eyes.gguf`));
  mkdirSync(at('friend/linked'), { recursive: true });
  symlinkSync(at(q4), at('friend/linked/other-Q4_K_M.gguf'));
  const models = await listed();
  expect(models.map(({ id, projector: eyes }) => [id, eyes?.path])).toEqual([
    [q4, `${repo}/eyes.gguf`],
    ['friend/linked/other-Q4_K_M.gguf', undefined],
  ]);
});

test('verified is a model whose files were all compared with the Hub and not changed since', async () => {
  add(q4, projector);
  const meta = (path: string, sha256?: string) =>
    writeMeta(at(path), { repo, commit: 'c', path, size: readFileSync(at(path)).length, ...(sha256 && { sha256 }), verifiedAt: new Date().toISOString() });
  await meta(q4, 'a'.repeat(64));
  expect(await listed()).toMatchObject([{ verified: false }]);
  await meta(projector, 'b'.repeat(64));
  expect(await listed()).toMatchObject([{ verified: true }]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  add(q4);
  expect(await listed()).toMatchObject([{ verified: false }]);
});

test('remove frees the folder, restore puts every file back', async () => {
  add(shard(1), shard(2), shard(3), projector);
  await writeMeta(at(projector), { repo, commit: 'c', path: 'p', size: 1, verifiedAt: new Date().toISOString() });
  const before = files();
  const models = await listed();
  await library.remove(shard(1));
  expect(files()).toEqual([]);
  expect(library.list()).toEqual([]);
  expect(existsSync(at('atelier'))).toBe(false);
  await library.restore(shard(1));
  expect(files()).toEqual(before);
  expect(library.list()).toEqual(models);
  expect(existsSync(at('.bin'))).toBe(false);
  await expect(library.restore(shard(1))).rejects.toMatchObject({ code: 'library.notFound' });
});

test('a projector stays as long as another quantization needs it, and comes back with whichever returns first', async () => {
  add(q4, q8, projector);
  await listed();
  await library.remove(q4);
  expect(files()).toEqual([projector, q8]);
  await library.remove(q8);
  expect(files()).toEqual([]);
  await library.restore(q4);
  expect(files()).toEqual([projector, q4]);
  expect(library.list()).toMatchObject([{ id: q4, projector: { path: projector } }]);
  await library.restore(q8);
  expect(files()).toEqual([projector, q4, q8]);
});

test('a model that is downloaded again before its restore is left as it is', async () => {
  add(q4);
  await listed();
  await library.remove(q4);
  add(q4);
  truncateSync(at(q4), 2_000_000);
  await expect(library.restore(q4)).rejects.toMatchObject({ code: 'library.exists', data: { file: q4 } });
  expect(readFileSync(at(q4)).length).toBe(2_000_000);
});

test('where another file lies by now a restore says so, and tells nothing of the removed one about it', async () => {
  add(q4);
  const meta = { repo, commit: 'c', path: q4, size: readFileSync(at(q4)).length, sha256: 'a'.repeat(64), verifiedAt: new Date().toISOString() };
  await writeMeta(at(q4), meta);
  await library.refresh();
  await library.remove(q4);
  add(q4);
  await expect(library.restore(q4)).rejects.toMatchObject({ code: 'library.exists', data: { file: q4 } });
  expect(library.list()).toMatchObject([{ id: q4, verified: false }]);
  expect(library.bin()).toMatchObject([{ id: q4 }]);
  rmSync(at(q4));
  await library.restore(q4);
  expect(library.list()).toMatchObject([{ id: q4, verified: true }]);
});

test('what was removed twice is there twice: each comes back, or goes, by itself', async () => {
  for (const bytes of [1_000_000, 2_000_000]) {
    add(q4);
    truncateSync(at(q4), bytes);
    await listed();
    await library.remove(q4);
  }
  const [later, earlier] = library.bin();
  expect([later, earlier].map((item) => item?.size)).toEqual([2_000_000, 1_000_000]);
  await library.emptyBin(q4, later!.removedAt);
  expect(library.bin()).toEqual([earlier]);
  add(q4);
  await listed();
  await library.remove(q4);
  await library.restore(q4, earlier!.removedAt);
  expect(readFileSync(at(q4)).length).toBe(1_000_000);
  expect(library.bin()).toHaveLength(1);
});

test('emptying the bin is for good', async () => {
  add(q4);
  await listed();
  await library.remove(q4);
  await library.emptyBin();
  await expect(library.restore(q4)).rejects.toMatchObject({ code: 'library.notFound' });
});

test('a model that somebody else deleted leaves the list, and nothing in the bin', async () => {
  add(q4);
  await listed();
  rmSync(at(q4));
  await expect(library.remove(q4)).rejects.toMatchObject({ code: 'library.notFound' });
  expect(library.list()).toEqual([]);
  expect(library.bin()).toEqual([]);
});

test('an id that is not on the list reaches no file', async () => {
  add(q4);
  await listed();
  for (const id of ['../../etc/passwd', '', `${repo}/nothing.gguf`]) {
    await expect(library.resolve(id)).rejects.toMatchObject({ code: 'library.notFound' });
    await expect(library.remove(id)).rejects.toMatchObject({ code: 'library.notFound' });
    await expect(library.restore(id)).rejects.toMatchObject({ code: 'library.notFound' });
  }
});

test('a watcher sees the list change', async () => {
  add(q4);
  const watcher = library.watch(AbortSignal.timeout(10_000))[Symbol.asyncIterator]();
  await listed();
  await library.remove(q4);
  for (let seen = (await watcher.next()).value; seen.length > 0; ) seen = (await watcher.next()).value;
  await library.restore(q4);
  expect((await watcher.next()).value).toMatchObject([{ id: q4 }]);
});
