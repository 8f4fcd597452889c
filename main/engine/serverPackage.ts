/** Where node-llama-cpp keeps the llama.cpp that our llama-server is built from and runs with. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export type Compute = 'cpu' | 'cuda' | 'vulkan' | 'metal';

/** node-llama-cpp's own folder, outside the asar when packaged (git and the linker cannot read inside one). */
const library = (): string => path.dirname(path.dirname(fileURLToPath(import.meta.resolve('node-llama-cpp')))).replace(/\.asar(?=[\\/])/, '.asar.unpacked');

/** The llama.cpp source as a git bundle. */
export const sourceBundle = (): string => path.join(library(), 'llama', 'gitRelease.bundle');

/** Release of llama.cpp, e.g. `v0.5.0`. */
function release(): string {
  const { release } = JSON.parse(readFileSync(path.join(library(), 'llama', 'binariesGithubRelease.json'), 'utf8')) as { release: string };
  return release;
}

/** Name of the platform package for a backend, e.g. `linux-x64-vulkan`. */
export function packageName(compute: Compute): string {
  const os = { linux: 'linux', darwin: 'mac', win32: 'win' }[process.platform as string] ?? process.platform;
  const cpu = process.arch === 'arm' ? 'armv7l' : process.arch;
  if (os === 'mac' && cpu === 'arm64') return 'mac-arm64-metal';
  return compute === 'cpu' ? `${os}-${cpu}` : `${os}-${cpu}-${compute}`;
}

/** Folder of the package's libraries, undefined when it is not installed. */
export function packageFolder(name: string): string | undefined {
  const folder = path.join(path.dirname(library()), '@node-llama-cpp', name, 'bins', name);
  return existsSync(folder) ? folder : undefined;
}

/** The four libraries to link (full paths), undefined when any is missing: Windows packages hold no import libraries. */
export function linkLibraries(folder: string): string[] | undefined {
  const names = readdirSync(folder);
  const found = [/^libllama-common\.(so|dylib)$/, /^libllama\.v?.*(so|dylib)$/, /^libggml\.v?.*(so|dylib)$/, /^libggml-base\.(so|dylib)$/].map((pattern) =>
    names.find((name) => pattern.test(name)),
  );
  return found.every((name) => name !== undefined) ? found.map((name) => path.join(folder, name)) : undefined;
}

/** What the built binary depends on: release, package, and the bytes of the libraries it links. */
export function buildKey(libraries: string[]): string {
  const known = keys.get(libraries.join());
  if (known) return known;
  const hash = createHash('sha256');
  for (const file of libraries) hash.update(readFileSync(file));
  const key = `${release()}-${packageName('cpu')}-${hash.digest('hex').slice(0, 12)}`;
  keys.set(libraries.join(), key);
  return key;
}
/** The libraries do not change while the app runs, and reading them takes tens of milliseconds. */
const keys = new Map<string, string>();

/** Names under which a GPU package's libraries must also be found: `libllama.vulkan.v1.so` is linked as `libllama.v1.so`. */
export const plainName = (name: string): string => name.replace(/^(libllama|libggml)\.(cuda|vulkan|metal)\./, '$1.');
