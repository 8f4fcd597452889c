/** Models of other apps in a made-up home, found and used where they lie. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appFolders } from './apps.ts';
import type { Library } from './index.ts';
import { createRoom, putHuggingFace, putOllama, type Room, sha256Of, tiny } from './testing.ts';

const commit = 'c'.repeat(40);
let room: Room;
let library: Library;
beforeEach(() => {
  room = createRoom();
  library = room.open({ apps: () => appFolders({}, room.home, 'linux') });
});
afterEach(async () => {
  await library.refresh();
  room.clear();
});

const listed = async () => {
  await library.refresh();
  return library.list();
};

test('the folders of each app, and the variables that move them', () => {
  const at = (env: NodeJS.ProcessEnv, system: NodeJS.Platform = 'linux') =>
    appFolders(env, '/h', system).map(({ app, folder }) => `${app} ${folder.replaceAll('\\', '/')}`);
  expect(at({})).toEqual([
    'lmstudio /h/.lmstudio/models',
    'lmstudio /h/.cache/lm-studio/models',
    'ollama /h/.ollama/models',
    'ollama /usr/share/ollama/.ollama/models',
    'ollama /var/lib/ollama/.ollama/models',
    'huggingface /h/.cache/huggingface/hub',
    'llamacpp /h/.cache/llama.cpp',
    'jan /h/.local/share/Jan/data/llamacpp/models',
    'jan /h/.local/share/Jan/data/models',
    'jan /h/jan/models',
    'unsloth /h/.unsloth/studio/cache/huggingface/hub',
    'unsloth /h/.unsloth/studio/exports',
  ]);
  const moved = at({ OLLAMA_MODELS: '/o', HF_HOME: '/hf', LLAMA_CACHE: '/l', XDG_DATA_HOME: '/x' });
  expect(moved).toEqual(expect.arrayContaining(['ollama /o', 'huggingface /hf/hub', 'llamacpp /l', 'jan /x/Jan/data/llamacpp/models']));
  expect(at({ HF_HUB_CACHE: '/only', HF_HOME: '/hf' })).toContain('huggingface /only');
  expect(at({}, 'darwin')).toContain('llamacpp /h/Library/Caches/llama.cpp');
});

test("LM Studio's folder, also one that was chosen there", async () => {
  room.put(tiny.q4, 'home/.lmstudio/models/ada/tiny-GGUF/tiny-Q4_K_M.gguf');
  room.put(tiny.projector, 'home/.lmstudio/models/ada/tiny-GGUF/mmproj-tiny-F16.gguf');
  const chosen = room.put(tiny.q8, 'drive/lm/grace/tiny-GGUF/tiny-Q8_0.gguf');
  writeFileSync(join(room.home, '.lmstudio/settings.json'), `\uFEFF${JSON.stringify({ downloadsFolder: join(room.root, 'drive/lm') })}`);
  const models = await listed();
  expect(models.map(({ repo, label, vision, source }) => ({ repo, label, vision, app: source.app }))).toEqual([
    { repo: 'ada/tiny-GGUF', label: 'Q4_K_M', vision: true, app: 'lmstudio' },
    { repo: 'grace/tiny-GGUF', label: 'Q8_0', vision: false, app: 'lmstudio' },
  ]);
  expect(await library.resolve(chosen)).toMatchObject({ files: [chosen], facts: { architecture: 'qwen35' } });
});

test("Ollama's blobs by their manifests, with the projector that the manifest names", async () => {
  const layers = [
    { mediaType: 'model', file: tiny.q4 },
    { mediaType: 'projector', file: tiny.projector },
  ];
  const id = putOllama(room, 'home/.ollama/models', 'registry.ollama.ai/library/tiny/3b', layers);
  putOllama(room, 'home/.ollama/models', 'hf.co/ada/tiny-GGUF/Q8_0', [{ mediaType: 'model', file: tiny.q8 }]);
  const manifests = join(room.home, '.ollama/models/manifests/registry.ollama.ai/library');
  writeFileSync(join(manifests, 'tiny/broken'), '{"layers": 3}');
  writeFileSync(
    join(manifests, 'tiny/gone'),
    JSON.stringify({ layers: [{ mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${'0'.repeat(64)}` }] }),
  );
  const escaping = [{ mediaType: 'application/vnd.ollama.image.model', digest: 'sha256:x/../../outside.gguf' }];
  room.put(tiny.q8, 'home/.ollama/models/outside.gguf');
  writeFileSync(join(manifests, 'tiny/out'), JSON.stringify({ layers: escaping }));
  const models = await listed();
  expect(models.map(({ name, label, repo, vision }) => ({ name, label, repo, vision }))).toEqual([
    { name: 'ada/tiny-GGUF:Q8_0', label: 'Q8_0', repo: 'ada/tiny-GGUF', vision: false },
    { name: 'tiny:3b', label: 'Q4_K_M', repo: 'registry.ollama.ai/library/tiny', vision: true },
  ]);
  const blob = (file: string) => join(room.home, '.ollama/models/blobs', `sha256-${sha256Of(file)}`);
  expect(models[1]).toMatchObject({ id, files: [{ path: blob(tiny.q4), sha256: sha256Of(tiny.q4) }], source: { app: 'ollama' } });
  expect(await library.resolve(id)).toMatchObject({ files: [blob(tiny.q4)], projector: blob(tiny.projector) });
});

test('the Hugging Face cache: the repository and commit by the path, the hash by the blob, equal snapshots once', async () => {
  const hub = 'home/.cache/huggingface/hub';
  const link = putHuggingFace(room, hub, 'ada/tiny-GGUF', commit, 'Q4/tiny-Q4_K_M.gguf', tiny.q4);
  const again = join(room.root, hub, 'models--ada--tiny-GGUF/snapshots', 'd'.repeat(40), 'Q4/tiny-Q4_K_M.gguf');
  mkdirSync(dirname(again), { recursive: true });
  symlinkSync(join(room.root, hub, 'models--ada--tiny-GGUF/blobs', sha256Of(tiny.q4)), again);
  expect(await listed()).toMatchObject([
    {
      id: link,
      repo: 'ada/tiny-GGUF',
      hub: { repo: 'ada/tiny-GGUF', commit, path: 'Q4/tiny-Q4_K_M.gguf' },
      files: [{ path: link, sha256: sha256Of(tiny.q4) }],
      source: { app: 'huggingface' },
    },
  ]);
});

test("llama.cpp's flat cache: a projector goes with its own repository only", async () => {
  const cache = 'home/.cache/llama.cpp';
  room.put(tiny.q4, cache, 'ada_tiny-GGUF_tiny-Q4_K_M.gguf');
  room.put(tiny.projector, cache, 'ada_tiny-GGUF_mmproj-F16.gguf');
  room.put(tiny.q8, cache, 'grace_other-GGUF_tiny-Q8_0.gguf');
  for (const name of ['manifest=ada=tiny-GGUF=Q4_K_M.json', 'manifest=grace=other-GGUF=latest.json']) writeFileSync(join(room.root, cache, name), '{}');
  expect((await listed()).map(({ repo, vision }) => [repo, vision])).toEqual([
    ['ada/tiny-GGUF', true],
    ['grace/other-GGUF', false],
  ]);
});

test('Jan and Unsloth', async () => {
  room.put(tiny.q4, 'home/.local/share/Jan/data/llamacpp/models/ada/tiny-Q4_K_M/model.gguf');
  room.put(tiny.projector, 'home/.local/share/Jan/data/llamacpp/models/ada/tiny-Q4_K_M/mmproj.gguf');
  room.put(tiny.q8, 'home/.unsloth/studio/exports/mine/mine-Q8_0.gguf');
  const found = (await listed()).map(({ label, vision, source }) => [source.app, label, vision]);
  expect(found.sort()).toEqual([
    ['jan', 'Q4_K_M', true],
    ['unsloth', 'Q8_0', false],
  ]);
});

test("another app's model is never touched, and its app can be hidden", async () => {
  const file = room.put(tiny.q4, 'home/.lmstudio/models/ada/tiny-GGUF/tiny-Q4_K_M.gguf');
  const before = statSync(file);
  const tree = readdirSync(room.home, { recursive: true }).sort();
  await listed();
  await expect(library.removal(file)).rejects.toMatchObject({ code: 'library.notOwn', data: { app: 'lmstudio' } });
  await expect(library.remove(file)).rejects.toMatchObject({ code: 'library.notOwn' });
  await library.showApp('lmstudio', false);
  expect(library.list()).toEqual([]);
  const places = async () => (await library.watchPlaces(AbortSignal.timeout(5000))[Symbol.asyncIterator]().next()).value;
  expect(await places()).toContainEqual({ app: 'lmstudio', folder: join(room.home, '.lmstudio/models'), shown: false, there: true, models: 0, size: 0 });
  await library.showApp('lmstudio', true);
  expect(library.list()).toMatchObject([{ id: file }]);
  expect(readdirSync(room.home, { recursive: true }).sort()).toEqual(tree);
  expect(statSync(file).mtimeMs).toBe(before.mtimeMs);
  expect(readFileSync(file).equals(readFileSync(tiny.q4))).toBe(true);
  rmSync(join(room.home, '.lmstudio'), { recursive: true });
  expect(await listed()).toEqual([]);
});

test("a folder around an app's, or in it, makes nothing in it ours; not even when the app is hidden", async () => {
  const file = room.put(tiny.q4, 'home/lm/models/ada/tiny-GGUF/tiny-Q4_K_M.gguf');
  const own = room.put(tiny.q8, 'home/lm/own-Q8_0.gguf');
  const other = room.open({ apps: () => [{ app: 'lmstudio', folder: join(room.home, 'lm/models') }] });
  await other.addFolder(join(room.home, 'lm'));
  await other.addFolder(join(room.home, 'lm/models/ada'));
  const found = () => other.list().map(({ id, source }) => [id, source.app]);
  expect(new Map(found() as [string, string][])).toEqual(
    new Map([
      [file, 'lmstudio'],
      [own, 'folder'],
    ]),
  );
  await expect(other.remove(file)).rejects.toMatchObject({ code: 'library.notOwn' });
  await other.showApp('lmstudio', false);
  expect(found()).toEqual([[own, 'folder']]);
});
