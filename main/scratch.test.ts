/** What killed processes leave behind. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeScratch, sweepScratch } from './scratch.ts';

test('the folder of a process that is gone is removed with what is in it; others stay', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const [left, living, foreign] = [`atelier-${pid}-`, `atelier-${process.ppid}-`, 'atelier-other-'].map((name) =>
    mkdtempSync(path.join(os.tmpdir(), name)),
  ) as [string, string, string];
  const own = makeScratch();
  writeFileSync(path.join(left, 'llama.sock'), '');
  await sweepScratch();
  expect([left, living, foreign, own].map((folder) => existsSync(folder))).toEqual([false, true, true, true]);
  for (const folder of [living, foreign, own]) rmSync(folder, { recursive: true });
});

test.skipIf(process.platform === 'win32')('so is that of one that has ended and that nobody collected', async () => {
  // The shell becomes a program that knows nothing of its child.
  const parent = spawn('/bin/sh', ['-c', 'true & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const left = mkdtempSync(path.join(os.tmpdir(), `atelier-${Number(said)}-`));
  const swept = async (): Promise<boolean> => {
    await sweepScratch();
    return !existsSync(left);
  };
  await expect.poll(swept, { timeout: 5_000 }).toBe(true);
  parent.kill();
});
