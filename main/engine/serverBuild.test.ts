/** Building llama-server: what is missing, what is found, and who builds. The real build is what the other tests run on. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import { defaultLoadSettings, type EngineChoice } from '../../shared/schemas/memory.ts';
import { buildServer, readProgress, textServer } from './serverBuild.ts';
import { buildKey, linkLibraries, packageFolder, packageName } from './serverPackage.ts';

test.each([
  ['[ 12%] Building CXX object main.cpp.o', 0.12],
  ['[100%] Built target llama-server', 1],
  ['[50/200] Building CXX object x.o', 0.25],
  ['-- Configuring done', undefined],
  ['  warning: [-Wunused]', undefined],
])('progress of %j', (line, progress) => expect(readProgress(line)).toBe(progress));

// Shell scripts stand for the tools, so that their absence and their failures can be made.
describe.skipIf(process.platform === 'win32')('with tools of its own', () => {
  const before = process.env.PATH;
  let root: string;
  let cacheFolder: string;
  let bin: string;
  let served: string;

  const tool = (name: string, script: string): void => {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(bin, name), 0o755);
  };
  const cmake = (compile: string, configure = 'mkdir -p "$4"'): void =>
    tool('cmake', `echo "$@" >> ${root}/calls\ncase "$1" in\n--version) exit 0;;\n-S) ${configure};;\n--build) ${compile};;\nesac`);
  const calls = (what: string): number =>
    readFileSync(path.join(root, 'calls'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(what)).length;

  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'atelier-build-'));
    cacheFolder = path.join(root, 'cache');
    bin = path.join(root, 'bin');
    served = path.join(cacheFolder, 'llama-server');
    mkdirSync(bin);
    for (const name of ['mkdir', 'sleep', 'touch']) symlinkSync(realpathSync(`/bin/${name}`), path.join(bin, name));
    process.env.PATH = bin;
    tool('git', 'for last; do :; done; [ "$1" = clone ] && mkdir -p "$last"; exit 0');
    cmake('echo "[ 40%] Building"; echo server > "$2/llama-server"');
  });
  afterEach(() => {
    process.env.PATH = before;
    rmSync(root, { recursive: true });
  });

  test('builds once, says how far, and is found ever after', async () => {
    const progress: number[] = [];
    const built = await buildServer({ cacheFolder, onProgress: (share) => progress.push(share) });
    const folder = 'folder' in built ? built.folder : '';
    expect(progress).toEqual([0, 0.4, 1]);
    expect(readFileSync(path.join(folder, 'llama-server'), 'utf8')).toBe('server\n');
    const libraries = readdirSync(folder).filter((name) => name !== 'llama-server');
    expect(libraries.some((name) => name.startsWith('libggml-cpu'))).toBe(true);
    for (const name of libraries) expect(existsSync(path.join(folder, name))).toBe(true);
    progress.length = 0;
    expect(await buildServer({ cacheFolder, onProgress: (share) => progress.push(share) })).toEqual(built);
    expect(progress).toEqual([]);
    expect(calls('--build')).toBe(1);
  });

  test('two that come at once build once', async () => {
    cmake('sleep 0.3; echo server > "$2/llama-server"');
    const [one, other] = await Promise.all([buildServer({ cacheFolder }), buildServer({ cacheFolder })]);
    expect(one).toEqual(other);
    expect(one).toHaveProperty('folder');
    expect(calls('--build')).toBe(1);
  });

  test.each([
    ['cmake', () => rmSync(path.join(bin, 'cmake'))],
    ['git', () => rmSync(path.join(bin, 'git'))],
    ['compiler', () => cmake('exit 0', 'echo "No CMAKE_CXX_COMPILER could be found." >&2; exit 1')],
    ['build', () => cmake('echo "error: something" >&2; exit 1')],
  ] as const)('says that it lacks: %s', async (problem, remove) => {
    remove();
    expect(await buildServer({ cacheFolder })).toEqual({ problem });
    expect(readdirSync(served)).toEqual(['build.log']);
  });

  test('a cancelled build ends its tools and leaves nothing half done', async () => {
    cmake(`touch ${root}/begun; sleep 20; echo server > "$2/llama-server"`);
    const abort = new AbortController();
    const building = buildServer({ cacheFolder, signal: abort.signal });
    building.catch(() => {});
    while (!existsSync(path.join(root, 'begun'))) await new Promise((resolve) => setTimeout(resolve, 20));
    abort.abort(new Error('changed my mind'));
    await expect(building).rejects.toThrow('changed my mind');
    expect(readdirSync(served)).toEqual(['build.log']);
  });

  test('a lock that its holder left behind does not hold for ever', async () => {
    const built = await buildServer({ cacheFolder });
    const made = path.dirname('folder' in built ? built.folder : '');
    rmSync(made, { recursive: true });
    mkdirSync(`${made}.lock`);
    const old = new Date(Date.now() - 60_000);
    (await import('node:fs')).utimesSync(`${made}.lock`, old, old);
    expect(await buildServer({ cacheFolder })).toEqual(built);
  });
});

test('a text model runs in llama-server where it is chosen, or built and nothing is chosen', () => {
  const cacheFolder = mkdtempSync(path.join(os.tmpdir(), 'atelier-text-'));
  const choose = (engine?: EngineChoice): boolean =>
    textServer(cacheFolder)({ ...defaultLoadSettings, ...(engine && { engine }) }, { backend: 'cpu' } as Hardware);
  const shares = [0, 1].map((id) => ({ id, share: 1 }));
  const sharing = (engine: EngineChoice): boolean => textServer(cacheFolder)({ ...defaultLoadSettings, engine, cards: shares }, { backend: 'cpu' } as Hardware);
  expect([sharing('auto'), sharing('node-llama-cpp')]).toEqual([true, false]);
  const all = (): boolean[] => [choose(), choose('auto'), choose('node-llama-cpp'), choose('llama-server')];
  expect(all()).toEqual([false, false, false, true]);
  const built = path.join(cacheFolder, 'llama-server', buildKey(linkLibraries(packageFolder(packageName('cpu'))!)!));
  mkdirSync(built, { recursive: true });
  writeFileSync(path.join(built, process.platform === 'win32' ? 'llama-server.exe' : 'llama-server'), '');
  expect(all()).toEqual([true, true, false, true]);
  rmSync(cacheFolder, { recursive: true });
});
