/** The life of a llama-server child; a shell script stands for it, since the real one is ready too soon to be caught. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../alive.ts';
import { startServer } from './serverProcess.ts';

describe.skipIf(process.platform === 'win32')('a server', () => {
  let folder: string;
  const pidFile = (): string => path.join(folder, 'pid');
  const pid = (): number => Number(readFileSync(pidFile(), 'utf8'));
  /** What the server does after it has written its id down. */
  const server = (script: string): void => {
    writeFileSync(path.join(folder, 'llama-server'), `#!/bin/sh\necho $$ > ${pidFile()}.draft; mv ${pidFile()}.draft ${pidFile()}\n${script}\n`);
    chmodSync(path.join(folder, 'llama-server'), 0o755);
  };
  const until = async (condition: () => boolean): Promise<void> => {
    for (const deadline = Date.now() + 10_000; !condition(); ) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${condition}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-server-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('that is still loading dies with its parent, even by SIGKILL', async () => {
    server('exec sleep 60');
    const module = JSON.stringify(path.join(import.meta.dirname, 'serverProcess.ts'));
    const code = `const { startServer } = await import(${module}); await startServer(${JSON.stringify(folder)}, [], () => {}); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
    await until(() => existsSync(pidFile()));
    expect(isAlive(pid())).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid()));
  });

  test('that is still loading ends when the load is cancelled', async () => {
    server('exec sleep 60');
    const started = await startServer(folder, [], () => {});
    const abort = new AbortController();
    const ready = started.ready(() => {}, abort.signal);
    await until(() => existsSync(pidFile()));
    abort.abort(new Error('changed my mind'));
    await expect(ready).rejects.toThrow('changed my mind');
    await started.kill();
    expect(isAlive(pid())).toBe(false);
  });

  test('tells how far it is, over both of its files', async () => {
    const state = (state: string, payload: object): string => `echo 'cmd_child_to_router:state:${JSON.stringify({ state, payload })}'`;
    const loading = (current: string, value: number): string => state('loading', { stages: ['text_model', 'mmproj_model'], current, value });
    server([loading('text_model', 0.5), loading('text_model', 1), loading('mmproj_model', 0.5), state('ready', {}), 'exec sleep 60'].join('\n'));
    const started = await startServer(folder, [], () => {});
    const progress: number[] = [];
    await started.ready((share) => progress.push(share), new AbortController().signal);
    await started.kill();
    expect(progress).toEqual([0.4, 0.8, 0.9]);
  });

  test('that gives up says why', async () => {
    server(`echo "0.00.1 E llama_model_load: error loading model: missing tensor 'x'" >&2; exit 3`);
    const started = await startServer(folder, [], () => {});
    await expect(started.ready(() => {}, new AbortController().signal)).rejects.toMatchObject({
      code: 'engine.loadFailed',
      data: { reason: "error loading model: missing tensor 'x'" },
    });
  });
});
