/** Builds the parts of the app whose sources changed since their last build: `node scripts/build.ts [main renderer hub electron]`. */
import fs from 'node:fs';
import path from 'node:path';
import { build, type InlineConfig } from 'vite';

const root = path.dirname(import.meta.dirname);
const at = (...parts: string[]): string => path.join(root, ...parts);

interface Part {
  /** Files and folders whose change makes it stale. */
  sources: string[];
  configs: InlineConfig[];
  /** Files that are read beside the bundle: [from, its name there]. */
  copies?: [string, string][];
}

const node = (entries: Record<string, string>, format: 'es' | 'cjs' = 'es', external: string[] = []): InlineConfig => ({
  configFile: false,
  root,
  logLevel: 'warn',
  ssr: { noExternal: true, external: ['node-llama-cpp', 'electron', ...external], target: 'node' },
  build: {
    ssr: true,
    target: 'node24',
    minify: false,
    rolldownOptions: {
      input: entries,
      output: { format, entryFileNames: format === 'cjs' ? '[name].cjs' : '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
});

const parts: Record<string, Part> = {
  main: {
    sources: ['main', 'shared'],
    configs: [node({ server: 'main/server/main.ts', cli: 'main/cli/main.ts', engine: 'main/engine/host.ts', hashWorker: 'main/downloads/hashWorker.ts' })],
    copies: [['main/engine/llama-server', 'llama-server']],
  },
  hub: { sources: ['e2e/hub', 'shared'], configs: [node({ main: 'e2e/hub/main.ts' })] },
  renderer: { sources: ['renderer', 'shared'], configs: [{ configFile: at('renderer/vite.config.ts'), logLevel: 'warn' }] },
  electron: {
    sources: ['electron', 'main', 'shared'],
    configs: [
      node({ main: 'electron/main.ts', engine: 'main/engine/host.ts', hashWorker: 'main/downloads/hashWorker.ts' }),
      node({ preload: 'electron/preload.ts' }, 'cjs'),
    ],
    copies: [['main/engine/llama-server', 'llama-server']],
  },
};

/** The newest change below a path, in ms since 1970. */
function newest(file: string): number {
  const stat = fs.statSync(file);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...fs.readdirSync(file).map((name) => newest(path.join(file, name))));
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts);
for (const name of names) {
  const part = parts[name];
  if (!part) throw new Error(`There is no part "${name}"; parts: ${Object.keys(parts).join(', ')}`);
  const stamp = at('dist', name, '.built');
  const sources = [...part.sources, 'package-lock.json', 'scripts/build.ts'];
  if (fs.existsSync(stamp) && fs.statSync(stamp).mtimeMs > Math.max(...sources.map((source) => newest(at(source))))) continue;
  console.log(`atelier: building ${name}`);
  const began = new Date();
  // Built beside and moved when done: a build that fails leaves the one before it.
  const beside = at('dist', `.${name}`);
  fs.rmSync(beside, { recursive: true, force: true });
  for (const config of part.configs) await build({ ...config, build: { ...config.build, outDir: beside, emptyOutDir: false } });
  for (const [from, to] of part.copies ?? []) fs.cpSync(at(from), path.join(beside, to), { recursive: true });
  fs.rmSync(at('dist', name), { recursive: true, force: true });
  fs.renameSync(beside, at('dist', name));
  fs.writeFileSync(stamp, '');
  fs.utimesSync(stamp, began, began);
}
