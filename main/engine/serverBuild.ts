/** Builds llama-server once into the cache folder, so that every later start and every other clone finds it. */
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServerProblem } from '../../shared/schemas/engine.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import { asksForServer, type LoadSettings } from '../../shared/schemas/memory.ts';
import { withLock } from './lock.ts';
import { buildKey, type Compute, linkLibraries, packageFolder, packageName, plainName, sourceBundle } from './serverPackage.ts';
import { type Exit, tool } from './tool.ts';
import { wholeFolder } from './wholeFolder.ts';

export interface BuildOptions {
  /** `<cacheFolder>/llama-server/<key>/` is where it goes. */
  cacheFolder: string;
  /** Whose libraries it runs with. Default: cpu. */
  compute?: Compute;
  /** 0 to 1; heard only when there is something to build. */
  onProgress?: (progress: number) => void;
  signal?: AbortSignal;
}

export type Built = { folder: string } | { problem: ServerProblem };

const executable = process.platform === 'win32' ? 'llama-server.exe' : 'llama-server';

/**
 * The folder to run llama-server from, building it first when it is not in the cache (2 to 5 minutes on two cores).
 * A missing tool is an answer, not an error: the app goes on with text. The log of a failed build lies in
 * `<cacheFolder>/llama-server/build.log`. Throws only `signal.reason`.
 */
export async function buildServer({ cacheFolder, compute = 'cpu', onProgress = () => {}, signal }: BuildOptions): Promise<Built> {
  const place = placeOf(cacheFolder, compute);
  if (!place) return { problem: 'libraries' };
  const { root, built, libraries, running } = place;
  mkdirSync(root, { recursive: true });
  if (!existsSync(path.join(built, executable))) {
    const problem = await withLock(`${built}.lock`, signal, async () => {
      if (existsSync(path.join(built, executable))) return undefined;
      return make(root, built, libraries, onProgress, signal);
    });
    if (problem) return { problem };
  }
  return { folder: runFolder(built, running) };
}

/** Whether llama-server would run a model without pictures: chosen, or needed for what it alone can do, or built already where nothing is chosen. */
export const textServer =
  (cacheFolder: string) =>
  (settings: LoadSettings, { backend }: Hardware): boolean => {
    const { engine = 'auto' } = settings;
    return engine === 'llama-server' || (engine === 'auto' && (asksForServer(settings) || builtPlace(cacheFolder, backend) !== undefined));
  };

/** The folder to run llama-server from where it is built already; undefined: it is not. */
export function builtServer({ cacheFolder, compute = 'cpu' }: Pick<BuildOptions, 'cacheFolder' | 'compute'>): string | undefined {
  const place = builtPlace(cacheFolder, compute);
  return place && runFolder(place.built, place.running);
}

interface Place {
  root: string;
  /** Where the executable is or will be. */
  built: string;
  /** To link with. */
  libraries: string[];
  /** The package whose libraries it runs with. */
  running: string;
}

/** Where a build belongs; undefined where the packages that it needs are missing. */
function placeOf(cacheFolder: string, compute: Compute): Place | undefined {
  const home = packageFolder(packageName('cpu'));
  const libraries = home && linkLibraries(home);
  const running = packageFolder(packageName(compute));
  const root = path.join(cacheFolder, 'llama-server');
  return libraries && running ? { root, built: path.join(root, buildKey(libraries)), libraries, running } : undefined;
}

/** The same where it is built already; looks, and changes nothing. */
function builtPlace(cacheFolder: string, compute: Compute): Place | undefined {
  const place = placeOf(cacheFolder, compute);
  return place && existsSync(path.join(place.built, executable)) ? place : undefined;
}

/** Compiles in a folder of its own and moves the result into place at the end, so that a killed build leaves nothing half done. */
async function make(
  root: string,
  built: string,
  libraries: string[],
  onProgress: (progress: number) => void,
  signal?: AbortSignal,
): Promise<ServerProblem | undefined> {
  const log = path.join(root, 'build.log');
  const work = path.join(root, `building-${process.pid}`);
  const run = (command: string, args: string[], onLine: (line: string) => void = () => {}): Promise<Exit> => {
    appendFileSync(log, `\n$ ${command} ${args.join(' ')}\n`);
    return tool(command, args, signal, (line) => {
      appendFileSync(log, `${line}\n`);
      onLine(line);
    });
  };
  rmSync(log, { force: true });
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  onProgress(0);
  try {
    if ((await run('cmake', ['--version'])).code !== 0) return 'cmake';
    if ((await run('git', ['--version'])).code !== 0) return 'git';
    const source = path.join(work, 'source');
    if ((await run('git', ['clone', '--quiet', sourceBundle(), source])).code !== 0) return 'build';
    cpSync(recipe(), path.join(work, 'CMakeLists.txt'));
    const build = path.join(work, 'build');
    const configured = await run('cmake', [
      ...['-S', work, '-B', build, '-DCMAKE_BUILD_TYPE=Release', `-DLLAMA_SOURCE=${source}`],
      `-DLLAMA_LIBRARIES=${libraries.join(';')}`,
    ]);
    if (configured.code !== 0) return /COMPILER|compiler|build program/.test(configured.output) ? 'compiler' : 'build';
    const compiled = await run('cmake', ['--build', build, '--config', 'Release', '--parallel', String(jobs())], (line) => {
      const progress = readProgress(line);
      if (progress !== undefined) onProgress(progress);
    });
    if (compiled.code !== 0) return 'build';
    const made = [path.join(build, executable), path.join(build, 'Release', executable)].find(existsSync);
    if (!made) return 'build';
    const done = path.join(work, 'done');
    mkdirSync(done);
    renameSync(made, path.join(done, executable));
    renameSync(done, built);
    onProgress(1);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * A folder with the server and links to every library of the package: llama.cpp looks for its backends beside the
 * executable. One for each place the libraries lie in, so that a clone that is deleted takes no other clone's server along.
 */
function runFolder(built: string, libraries: string): string {
  const folder = path.join(built, `${path.basename(libraries)}-${createHash('sha256').update(libraries).digest('hex').slice(0, 8)}`);
  return wholeFolder(folder, (fresh) => {
    mkdirSync(fresh);
    copyFileSync(path.join(built, executable), path.join(fresh, executable));
    for (const name of readdirSync(libraries)) {
      if (!/\.(so|dylib|dll|metal)(\.|$)/.test(name)) continue;
      for (const as of new Set([name, plainName(name)])) symlinkSync(path.join(libraries, name), path.join(fresh, as));
    }
  });
}

/** The share that is done, from a line of make (`[ 12%] Building`) or ninja (`[3/200] Building`). */
export function readProgress(line: string): number | undefined {
  const percent = /^\[\s*(\d+)%\]/.exec(line);
  if (percent) return Number(percent[1]) / 100;
  const count = /^\[(\d+)\/(\d+)\]/.exec(line);
  return count ? Number(count[1]) / Number(count[2]) : undefined;
}

/** A C++ compiler takes up to 1.5 GB here: fewer at once on a small machine. */
const jobs = (): number => Math.max(1, Math.min(os.availableParallelism(), Math.floor(os.totalmem() / 1.5e9)));

/** The recipe beside this file, or beside the folder of chunks when this file was bundled. */
function recipe(): string {
  const places = ['./llama-server/CMakeLists.txt', '../llama-server/CMakeLists.txt'];
  return places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync) ?? places[0]!;
}
