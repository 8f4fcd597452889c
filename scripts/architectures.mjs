/**
 * Writes main/gguf/architectures.json: the architectures that the bundled llama.cpp knows, out of its own source, which node-llama-cpp
 * brings as a git bundle. Needs git. Run it after every update of node-llama-cpp: `node scripts/architectures.mjs`;
 * with `--print` it only shows them.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'node_modules/node-llama-cpp/llama');
const target = join(root, 'main/gguf/architectures.json');

/** Source files of the bundle's commit, by their paths. Throws where git or the bundle is missing. */
function readSource(paths) {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-llama-'));
  const git = (...words) => execFileSync('git', ['-C', folder, ...words], { encoding: 'utf8', maxBuffer: 16 * 2 ** 20, stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    git('init', '--quiet', '--bare');
    git('fetch', '--quiet', join(source, 'gitRelease.bundle'), 'HEAD');
    return paths.map((path) => git('show', `FETCH_HEAD:${path}`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The part of a source text that a pattern's first group takes. */
function part(text, pattern, what) {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`llama.cpp's source no longer has ${what}.`);
  return found;
}

/**
 * The list as it is written: `text` for those that write text, `other` for those that llama.cpp gives no memory of what came before
 * (`llama_model::create_memory`: embeddings, diffusion, sound), and for projectors.
 */
function architectures() {
  const [names, model] = readSource(['src/llama-arch.cpp', 'src/llama-model.cpp']);
  const rows = part(names, /LLM_ARCH_NAMES = \{([\s\S]*?)\n\};/, 'LLM_ARCH_NAMES').matchAll(/\{ (LLM_ARCH_\w+),\s*"([^"]+)"/g);
  const known = new Map([...rows].map(([, id, name]) => [id, name]));
  known.delete('LLM_ARCH_UNKNOWN');
  const forgetful = part(model, /::create_memory\([\s\S]*?switch \(arch\) \{([^{]*)\{\s*res = nullptr;/, 'models without memory');
  const others = new Set(['LLM_ARCH_CLIP', ...forgetful.match(/LLM_ARCH_\w+/g)]);
  const list = (wanted) => [...known].filter(([id]) => others.has(id) === wanted).map(([, name]) => name);
  const { tag } = JSON.parse(readFileSync(join(source, 'llama.cpp.info.json'), 'utf8'));
  return { llamaCpp: tag, text: list(false), other: list(true) };
}

const text = `${JSON.stringify(architectures(), null, 2)}\n`;
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(target, text);
