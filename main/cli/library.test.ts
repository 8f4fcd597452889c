/** The library from the command line: pull, ls, rm, import and verify, alone and beside a running app. */
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { tinyRepo } from '../../e2e/hub/builtin.ts';
import { lockModels } from '../library/lock.ts';
import { type CommandLine, fixtures, openCommandLine } from './testing.ts';

let line: CommandLine;
let models: string;
beforeAll(async () => {
  line = await openCommandLine();
  models = join(line.folder, 'models');
});
afterAll(() => line.close());
// Each command is a process of its own.
vi.setConfig({ testTimeout: 90_000 });

const q4 = 'tiny-qwen3.5-vl-Q4_K_M.gguf';
const source = (name: string): string => join(fixtures, 'tiny-qwen3.5-vl', name);
const bytesOf = (file: string): number => readFileSync(file).length;

test('pull brings a quantization with its projector, byte for byte; ls and verify know it; again it fetches nothing', async () => {
  for (const look of ['ls', 'verify']) expect(await line.atelier([look])).toEqual({ code: 0, stdout: 'No models on this computer.\n', stderr: '' });
  const pulled = await line.json(['pull', `${tinyRepo}:q4_k_m`]);
  const id = `${tinyRepo}/${q4}`;
  expect(pulled).toMatchObject({ model: `${tinyRepo}:Q4_K_M`, id, vision: true, commit: expect.stringMatching(/^[0-9a-f]{40}$/) });
  expect(readFileSync(join(models, id)).equals(readFileSync(source(q4)))).toBe(true);
  expect(await line.json(['ls'])).toMatchObject([{ id, repo: tinyRepo, label: 'Q4_K_M', app: 'atelier', vision: true, verified: true, problem: null }]);
  expect(await line.json(['verify', id])).toMatchObject([{ path: id, state: 'same' }, { state: 'same' }]);

  const before = line.hub.log.length;
  const { code, stdout } = await line.atelier(['pull', `${tinyRepo}:Q4_K_M`]);
  expect(code).toBe(0);
  expect(stdout).toContain(`${tinyRepo}:Q4_K_M is on this computer`);
  expect(line.hub.log.slice(before).filter(({ at }) => at === 'cdn')).toEqual([]);
});

test('a pull that is stopped keeps what had arrived, and goes on from there', async () => {
  const file = 'tiny-qwen3.5-vl-F16.gguf';
  line.hub.setRate(1_000_000);
  let child: ChildProcess | undefined;
  const stopped = line.atelier(['pull', `${tinyRepo}:F16`], {}, (started) => {
    child = started;
  });
  const part = join(models, tinyRepo, `${file}.part`);
  await expect.poll(() => existsSync(part), { timeout: 20_000 }).toBe(true);
  child!.kill('SIGINT');
  const { code, stderr } = await stopped;
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^atelier: Stopped with .* The same command goes on from there\.\n$/) });
  expect(existsSync(part)).toBe(true);
  line.hub.setRate(undefined);
  expect(await line.json(['pull', `${tinyRepo}:F16`])).toMatchObject({ model: `${tinyRepo}:F16` });
  expect(readFileSync(join(models, tinyRepo, file)).equals(readFileSync(source(file)))).toBe(true);
  expect(existsSync(part)).toBe(false);
});

test('a pull keeps to the bandwidth of the settings', async () => {
  const settings = join(line.folder, 'settings.json');
  writeFileSync(settings, JSON.stringify({ downloads: { bytesPerSecond: 50_000 } }));
  const before = line.hub.log.length;
  let child: ChildProcess | undefined;
  const stopped = line.atelier(['pull', `${tinyRepo}:Q8_0`], {}, (started) => {
    child = started;
  });
  try {
    await expect.poll(() => line.hub.log.slice(before).some(({ at }) => at === 'cdn'), { timeout: 40_000 }).toBe(true);
    // Without a limit it would be there long before.
    await sleep(3000);
    child!.kill('SIGINT');
    expect(await stopped).toMatchObject({ code: 1, stderr: expect.stringMatching(/^atelier: Stopped with /) });
  } finally {
    rmSync(settings);
  }
});

test('verify finds a file that was changed, says which, and fails', async () => {
  const id = `${tinyRepo}/tiny-qwen3.5-vl-Q6_K.gguf`;
  await line.json(['pull', `${tinyRepo}:Q6_K`]);
  appendFileSync(join(models, id), 'x');
  const { code, stdout } = await line.atelier(['verify']);
  expect(code).toBe(1);
  expect(stdout).toMatch(new RegExp(`^CHANGED .* ${id}$`, 'm'));
  expect(stdout).toMatch(/1 wrong\. Pull the model again to mend it; what lies there now goes to the bin\.$/m);
});

test('a byte that the disk turned by itself is found, and mended by another pull', async () => {
  const id = `${tinyRepo}/tiny-qwen3.5-vl-Q6_K.gguf`;
  const file = join(models, id);
  await line.json(['pull', `${tinyRepo}:Q6_K`]);
  const { atime, mtime } = statSync(file);
  const bytes = readFileSync(file);
  bytes[bytes.length - 1000]! ^= 1;
  writeFileSync(file, bytes);
  utimesSync(file, atime, mtime);
  const { code, stdout } = await line.atelier(['verify', id]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringMatching(/1 wrong\. Pull the model again/) });
  expect(await line.json(['ls'])).toContainEqual(expect.objectContaining({ id, verified: false }));
  await line.json(['pull', `${tinyRepo}:Q6_K`]);
  expect(readFileSync(file).equals(readFileSync(source('tiny-qwen3.5-vl-Q6_K.gguf')))).toBe(true);
  expect(await line.json(['verify', id])).toMatchObject([{ state: 'same' }, { state: 'same' }]);
  rmSync(join(models, '.bin'), { recursive: true });
});

test("verify compares what lies in Hugging Face's cache with its name there", async () => {
  const blob = join(
    line.folder,
    'home/.cache/huggingface/hub/models--ada--tiny/blobs',
    createHash('sha256')
      .update(readFileSync(source(q4)))
      .digest('hex'),
  );
  const link = join(blob, `../../snapshots/${'c'.repeat(40)}/tiny-Q4_K_M.gguf`);
  mkdirSync(join(blob, '..'), { recursive: true });
  mkdirSync(join(link, '..'), { recursive: true });
  copyFileSync(source(q4), blob);
  symlinkSync(blob, link);
  expect(await line.json(['verify', link])).toMatchObject([{ state: 'same' }]);
  appendFileSync(blob, 'x');
  expect(await line.atelier(['verify', link])).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/1 wrong\. What belongs to another app is mended there\.$/m),
  });
  rmSync(join(line.folder, 'home/.cache'), { recursive: true });
});

test('rm moves to the bin and names every file; a shared projector stays', async () => {
  const id = `${tinyRepo}/tiny-qwen3.5-vl-Q6_K.gguf`;
  const { code, stdout } = await line.atelier(['rm', `${tinyRepo}:Q6_K`]);
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual(['Moved to the bin for 30 days:', expect.stringContaining(id), '']);
  expect(existsSync(join(models, id))).toBe(false);
  expect(existsSync(join(models, tinyRepo, 'mmproj-tiny-qwen3.5-vl-F16.gguf'))).toBe(true);
  expect(readdirSync(join(models, '.bin'))).toHaveLength(1);
  expect(await line.atelier(['rm', `${tinyRepo}:Q6_K`])).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no model') });
  expect(await line.atelier(['rm', tinyRepo])).toMatchObject({ code: 2, stderr: expect.stringContaining('is more than one model') });
});

test('import: where it lies, as a copy, and not what is no model', async () => {
  mkdirSync(join(line.folder, 'elsewhere'));
  const file = join(line.folder, 'elsewhere', 'mine-Q4_K_M.gguf');
  copyFileSync(source(q4), file);
  expect(await line.json(['import', 'elsewhere/mine-Q4_K_M.gguf'])).toEqual({ id: file, mode: 'reference' });
  expect(await line.json(['ls'])).toContainEqual(expect.objectContaining({ id: file, app: 'folder' }));
  expect((await line.atelier(['rm', file, '--for-good'])).stdout).toContain('the file stays where it is');
  expect(await line.json(['import', file, '--mode', 'copy'])).toEqual({ id: 'imported/mine-Q4_K_M/mine-Q4_K_M.gguf', mode: 'copy' });
  expect(bytesOf(join(models, 'imported/mine-Q4_K_M/mine-Q4_K_M.gguf'))).toBe(bytesOf(file));
  const forGood = { id: 'imported/mine-Q4_K_M/mine-Q4_K_M.gguf', size: bytesOf(file), bin: false };
  const binned = readdirSync(join(models, '.bin'));
  expect(await line.json(['rm', forGood.id, '--for-good'])).toMatchObject(forGood);
  expect(existsSync(join(models, 'imported'))).toBe(false);
  expect(readdirSync(join(models, '.bin'))).toEqual(binned);
  writeFileSync(join(line.folder, 'page.gguf'), '<!doctype html>');
  expect(await line.atelier(['import', 'page.gguf'])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('page.gguf is not a GGUF model.') });
});

test('while another Atelier works in the models folder nothing is changed; looking is free', async () => {
  const unlock = lockModels(models);
  try {
    for (const args of [
      ['pull', `${tinyRepo}:Q8_0`],
      ['rm', `${tinyRepo}:F16`],
      ['import', source(q4)],
    ]) {
      const { code, stdout, stderr } = await line.atelier(args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^atelier: Another Atelier, or its command line, is working in .*models\. Wait until it is done, or end it\.\n$/);
    }
    expect(await line.json(['ls'])).toHaveLength(2);
  } finally {
    unlock();
  }
  expect(await line.atelier(['rm', `${tinyRepo}:F16`])).toMatchObject({ code: 0 });
});

test('a pull takes what another app has, and leaves it as it is', async () => {
  const file = 'tiny-qwen3.5-vl-Q8_0.gguf';
  const digest = createHash('sha256')
    .update(readFileSync(source(file)))
    .digest('hex');
  const store = join(line.folder, 'home/.ollama/models');
  const blob = join(store, `blobs/sha256-${digest}`);
  mkdirSync(join(store, 'blobs'), { recursive: true });
  mkdirSync(join(store, 'manifests/registry.ollama.ai/library/tiny'), { recursive: true });
  copyFileSync(source(file), blob);
  const layers = [{ mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${digest}` }];
  writeFileSync(join(store, 'manifests/registry.ollama.ai/library/tiny/latest'), JSON.stringify({ layers }));
  const before = line.hub.log.length;
  await line.json(['pull', `${tinyRepo}:Q8_0`]);
  expect(line.hub.log.slice(before).filter(({ at }) => at === 'cdn')).toEqual([]);
  expect(readFileSync(join(models, tinyRepo, file)).equals(readFileSync(source(file)))).toBe(true);
  expect(statSync(blob)).toMatchObject({ nlink: 1, size: bytesOf(source(file)) });
  rmSync(store, { recursive: true });
});

test.skipIf(process.platform === 'win32')('a name that would move the cursor or break the line is shown without that, and told whole to programs', async () => {
  const file = join(line.folder, 'esc\u001b[2J\nline.gguf');
  copyFileSync(source(q4), file);
  const imported = await line.atelier(['import', file]);
  expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining('esc\ufffd[2J\nline.gguf') });
  const { stdout } = await line.atelier(['ls']);
  expect(stdout).toMatch(/^Tiny Qwen3\.5 VL .*esc\ufffd\[2J\ufffdline\.gguf$/m);
  expect(await line.json(['ls'])).toContainEqual(expect.objectContaining({ id: file }));
  expect((await line.atelier(['rm', file])).stdout).not.toContain('\u001b');
  expect((await line.atelier(['rm', file])).stderr).not.toContain('\u001b');
});
