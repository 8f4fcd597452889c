/** Libraries in folders of their own, filled with the tiny model's files. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createHeaders, type Headers } from '../gguf/headers.ts';
import { createHub } from '../hub/client.ts';
import { createLibrary, type Library, type LibraryOptions } from './index.ts';

const fixtures = new URL('../../e2e/fixtures/tiny-qwen3.5-vl/', import.meta.url).pathname;
export const tiny = {
  q4: join(fixtures, 'tiny-qwen3.5-vl-Q4_K_M.gguf'),
  q8: join(fixtures, 'tiny-qwen3.5-vl-Q8_0.gguf'),
  projector: join(fixtures, 'mmproj-tiny-qwen3.5-vl-F16.gguf'),
  shard: (index: number): string => join(fixtures, `tiny-qwen3.5-vl-Q8_0-0000${index}-of-00003.gguf`),
};
/** Bytes. */
export const sizeOf = (file: string): number => statSync(file).size;
export const sha256Of = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

export interface Room {
  root: string;
  /** The models folder. */
  models: string;
  home: string;
  headers: Headers;
  /** A library over this room's folders; `more` as for `createLibrary`. */
  open(more?: Partial<LibraryOptions>): Library;
  /** Copies a file of the tiny model to a path below the room. */
  put(file: string, ...to: string[]): string;
  clear(): void;
}

export function createRoom(): Room {
  const root = mkdtempSync(join(tmpdir(), 'atelier-library-'));
  const models = join(root, 'models');
  const cacheFolder = join(root, 'cache');
  const headers = createHeaders({ hub: createHub({ endpoint: 'http://127.0.0.1:9', redirectHosts: [], token: undefined }), cacheFolder });
  return {
    root,
    models,
    home: join(root, 'home'),
    headers,
    open: (more) => createLibrary({ folders: { models }, headers, cacheFolder, ...more }),
    put(file, ...to) {
      const target = join(root, ...to);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(file, target);
      return target;
    },
    clear: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A drive of its own at `folder`, which is made, until `umount`; `options` are those of tmpfs. Skips the test where the system does not let it have one. */
export function mountDrive(folder: string, options: string, skip: (note: string) => never): void {
  mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    skip('a small disk needs the right to mount one');
  }
}

/** Puts a model into an Ollama store the way Ollama does. */
export function putOllama({ root }: Room, store: string, name: string, layers: { mediaType: string; file: string }[]): string {
  const folder = join(root, store);
  mkdirSync(join(folder, 'blobs'), { recursive: true });
  const written = layers.map(({ mediaType, file }) => {
    const digest = sha256Of(file);
    cpSync(file, join(folder, 'blobs', `sha256-${digest}`));
    return { mediaType: `application/vnd.ollama.image.${mediaType}`, digest: `sha256:${digest}`, size: readFileSync(file).length };
  });
  const manifest = join(folder, 'manifests', name);
  mkdirSync(dirname(manifest), { recursive: true });
  writeFileSync(manifest, JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.docker.distribution.manifest.v2+json', layers: written }));
  return manifest;
}

/** Puts a file into a Hugging Face cache: a blob by its sha256, and a link in a snapshot. */
export function putHuggingFace({ root }: Room, hub: string, repo: string, commit: string, path: string, file: string): string {
  const folder = join(root, hub, `models--${repo.replace('/', '--')}`);
  const blob = join(folder, 'blobs', sha256Of(file));
  const link = join(folder, 'snapshots', commit, path);
  mkdirSync(dirname(blob), { recursive: true });
  mkdirSync(dirname(link), { recursive: true });
  cpSync(file, blob);
  symlinkSync(blob, link);
  return link;
}
