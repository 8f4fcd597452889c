/** One process at a time, also after a kill. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockModels } from './lock.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'atelier-lock-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

test('another process is kept out until the first one is done, or is killed', async () => {
  const models = join(root, 'models');
  const release = lockModels(models);
  const script = `const { lockModels } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)});
    try { lockModels(${JSON.stringify(models)}); console.log('locked'); setInterval(() => {}, 1000); } catch (error) { console.log(error.code); }`;
  const other = () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const said = new Promise<string>((resolve) => child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim())));
    return { child, said };
  };
  expect(await other().said).toBe('library.locked');
  release();
  const second = other();
  expect(await second.said).toBe('locked');
  expect(() => lockModels(models)).toThrow(expect.objectContaining({ code: 'library.locked', data: { folder: models } }));
  const gone = new Promise((resolve) => second.child.once('exit', resolve));
  second.child.kill('SIGKILL');
  await gone;
  lockModels(models)();
});

test('a folder on a drive that is not there is neither locked nor made', () => {
  const release = lockModels(join(root, 'drive/models'));
  expect(existsSync(join(root, 'drive'))).toBe(false);
  release();
});

test('a folder that cannot be written in stops nothing', () => {
  writeFileSync(join(root, 'models'), 'a file in its place');
  lockModels(join(root, 'models'))();
});
