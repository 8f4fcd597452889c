/** The whole core, with a real engine and the stand-in hub: what takes several services together. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { builtinRepositories, tinyRepo } from '../e2e/hub/builtin.ts';
import { type Hub, startHub } from '../e2e/hub/start.ts';
import { defaultLoadSettings } from '../shared/schemas/memory.ts';
import { createCore, type RunningCore } from './core.ts';
import { forkEngine } from './engine/fork.ts';
import { createServerPlatform } from './server/platform.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const fixtures = join(root, 'e2e/fixtures');
const q4 = 'tiny-qwen3.5-vl-Q4_K_M.gguf';
const f16 = 'tiny-qwen3.5-vl-F16.gguf';
const context = { signal: new AbortController().signal };

let home: string;
let drive: string;
let hub: Hub;
let core: RunningCore;
let env: Record<string, string>;

const open = (onEngine?: (pid: number) => void): Promise<RunningCore> =>
  createCore({
    ...createServerPlatform(root, '0.0.0', env),
    startEngine(more) {
      const engine = forkEngine({ entry: join(root, 'main/engine/host.ts'), env: { ...more } });
      onEngine?.(engine.pid!);
      return engine;
    },
  });
async function first<T>(stream: AsyncIterable<T>, is: (value: T) => boolean): Promise<T> {
  for await (const value of stream) if (is(value)) return value;
  throw new Error('the stream ended');
}

beforeEach(async ({ skip }) => {
  if (!fs.existsSync('/dev/shm')) skip('a second drive: there is no /dev/shm');
  home = fs.mkdtempSync(join(tmpdir(), 'atelier-core-'));
  drive = fs.mkdtempSync('/dev/shm/atelier-drive-');
  hub = await startHub({ repositories: builtinRepositories(fixtures) });
  env = {
    ...{ ATELIER_HOME: home, ATELIER_CACHE: join(home, 'cache'), ATELIER_MODELS: '', ATELIER_THREADS: '1', ATELIER_GPU: 'cpu', HOME: join(home, 'user') },
    ...{ HF_ENDPOINT: hub.endpoint, ATELIER_REDIRECT_HOSTS: hub.redirectHosts.join(','), HF_TOKEN: '', XDG_CACHE_HOME: '', XDG_DATA_HOME: '' },
    ...{ OLLAMA_MODELS: '', HF_HOME: '', HF_HUB_CACHE: '', LLAMA_CACHE: '' },
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  fs.mkdirSync(join(home, 'models', tinyRepo), { recursive: true });
  fs.copyFileSync(join(fixtures, 'tiny-qwen3.5-vl', q4), join(home, 'models', tinyRepo, q4));
  core = await open();
});
afterEach(async () => {
  await core.close();
  await hub.close();
  vi.unstubAllEnvs();
  fs.rmSync(home, { recursive: true, force: true });
  fs.rmSync(drive, { recursive: true, force: true });
});

test('the models folder moves while the app runs: its download goes on there, its model is listed and loads, and the command line knows it', async () => {
  const id = `${tinyRepo}/${q4}`;
  const { handlers } = core;
  const of = { repo: tinyRepo, commit: 'the latest', quantization: f16 };
  hub.setRate(4_000_000);
  await handlers['downloads.start'](of, context);
  await first(await handlers['downloads.watch'](undefined, context), ([job]) => (job?.received ?? 0) > 0);
  const part = join(home, 'models', tinyRepo, `${f16}.part`);
  expect(fs.existsSync(part)).toBe(true);

  await handlers['library.move']({ folder: join(drive, 'models') }, context);
  expect((await handlers['app.info'](undefined, context)).modelsFolder).toBe(join(drive, 'models'));
  expect(fs.existsSync(part)).toBe(false);
  const [moved] = await first(await handlers['library.watch'](undefined, context), (models) => models.some((model) => model.id === id));
  expect(moved).toMatchObject({ id, source: { app: 'atelier', folder: join(drive, 'models') } });
  hub.setRate(undefined);
  await first(await handlers['downloads.watch'](undefined, context), ([job]) => job?.state === 'done');
  const file = (folder: string): Buffer => fs.readFileSync(join(folder, f16));
  expect(file(join(drive, 'models', tinyRepo)).equals(file(join(fixtures, 'tiny-qwen3.5-vl')))).toBe(true);
  expect(fs.readdirSync(join(home, 'models'))).toEqual(['.bin']);

  // A projector came with the download; for pictures an engine would have to be built first.
  await handlers['engine.load']({ id, settings: { ...defaultLoadSettings, vision: false } }, context);
  expect(await first(await handlers['engine.watch'](undefined, context), ({ status }) => status === 'ready')).toMatchObject({ modelId: id });
  await expect(handlers['library.movePlan']({ folder: join(home, 'models') }, context)).rejects.toMatchObject({ data: { reason: 'loaded' } });
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'main/cli/main.ts'), 'ls', '--json'], { env: { ...process.env, ...env } });
  expect((JSON.parse(stdout) as { folder: string }[]).map(({ folder }) => folder)).toEqual([join(drive, 'models'), join(drive, 'models')]);
  const rm = promisify(execFile)(process.execPath, [join(root, 'main/cli/main.ts'), 'rm', id], { env: { ...process.env, ...env } });
  await expect(rm).rejects.toMatchObject({ stderr: expect.stringContaining(join(drive, 'models')) });

  await core.close();
  core = await open();
  expect(await first(await core.handlers['library.bin'](undefined, context), (items) => items.length > 0)).toMatchObject([{ moved: true }]);
  await first(await core.handlers['library.watch'](undefined, context), (models) => models.length === 2);
}, 90_000);

test('what an engine that closing ended had in its temporary folder is gone once the app has closed', async () => {
  await core.close();
  fs.mkdirSync(join(home, 'tmp'));
  vi.stubEnv('TMPDIR', join(home, 'tmp'));
  const left: string[] = [];
  core = await open((pid) => left.push(fs.mkdtempSync(join(home, `tmp/atelier-${pid}-`))));
  await core.handlers['hardware.get'](undefined, context);
  expect(left.map((folder) => fs.existsSync(folder))).toEqual([true]);
  await core.close();
  expect(left.map((folder) => fs.existsSync(folder))).toEqual([false]);
  core = await open();
});
