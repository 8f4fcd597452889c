/** The identities that the Hub gives to a file: sha256 of the content, Git's own hashes, the LFS pointer, the CDN's ETag. */
import { createHash } from 'node:crypto';
import { type Content, pieces } from './content.ts';
import holes from './holes.json' with { type: 'json' };

/** How a file of the Hub is named by its content. `lfs` is absent for a small file kept in Git itself. */
export type Identity = { oid: string; size: number; lfs?: { oid: string; size: number; pointerSize: number }; xetHash?: string; pointer?: string };

const known = new Map<string, string>();
const cache = new WeakMap<Content, Promise<string>>();
for (const hole of holes) known.set(`${hole.header}:${hole.size}`, hole.sha256);

const hex = (algorithm: string, ...parts: (Buffer | string)[]) => {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** The sha256 of the first 64 KiB, by which a header with a hole is found in the table of `hashHoles.ts`. */
export async function headHash(content: Content): Promise<string> {
  return hex('sha256', await content.read(0, Math.min(65_536, content.size)));
}

/** The sha256 by reading everything (about a second per gigabyte). */
export async function hashAll(content: Content): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces(content)) hash.update(piece);
  return hash.digest('hex');
}

/** The sha256 of the content; the multi-gigabyte ones come from `holes.json`, which `hashHoles.ts` computed. */
function sha256(content: Content): Promise<string> {
  let found = cache.get(content);
  if (!found) {
    found = (async () => (content.size > 1 << 28 ? known.get(`${await headHash(content)}:${content.size}`) : undefined) ?? (await hashAll(content)))();
    cache.set(content, found);
  }
  return found;
}

/** Git's name of a blob: sha1 of `blob <length>\0<bytes>`. */
export function blobOid(data: Buffer): string {
  return hex('sha1', `blob ${data.length}\0`, data);
}

/** The text that Git holds in place of an LFS file; its length is `pointerSize` (125 + digits of the size, protocol 2.2). */
function pointerText(oid: string, size: number): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`;
}

/** True for what the `.gitattributes` of a model repository sends to LFS. */
function isLfs(path: string, size: number): boolean {
  return /\.(gguf|dat|bin|safetensors|gguf_file|part\w+|gguf-split-\w+)$/.test(path) || size > 10_000_000;
}

/**
 * Everything the Hub says about a file's content. The real `xetHash` is the root of a Merkle tree over content-defined chunks; here it is
 * a digest of the sha256: as unlike the sha256 as the real one, equal for equal bytes, but not what Xet would compute.
 */
export async function identify(path: string, content: Content): Promise<Identity> {
  if (!isLfs(path, content.size)) return { oid: blobOid(await content.read(0, content.size)), size: content.size };
  const oid = await sha256(content);
  const pointer = pointerText(oid, content.size);
  return {
    oid: blobOid(Buffer.from(pointer)),
    size: content.size,
    lfs: { oid, size: content.size, pointerSize: pointer.length },
    xetHash: hex('sha256', 'xet:', oid),
    pointer,
  };
}

/** Git's name of each folder (`''` is the root) and of the commit, computed as Git does. `files` maps a path to its blob's name. */
export function gitTrees(files: Map<string, string>): Map<string, string> {
  const trees = new Map<string, string>();
  const build = (folder: string): string => {
    const entries = new Map<string, { mode: string; oid: string; key: string }>();
    for (const [path, oid] of files) {
      if (!path.startsWith(folder)) continue;
      const [name = '', ...rest] = path.slice(folder.length).split('/');
      if (rest.length === 0) entries.set(name, { mode: '100644', oid, key: name });
      else if (!entries.has(name)) entries.set(name, { mode: '40000', oid: build(`${folder}${name}/`), key: `${name}/` });
    }
    const ordered = [...entries].sort(([, a], [, b]) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    const body = Buffer.concat(ordered.flatMap(([name, { mode, oid }]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]));
    const oid = hex('sha1', `tree ${body.length}\0`, body);
    trees.set(folder.slice(0, -1), oid);
    return oid;
  };
  build('');
  return trees;
}

/** Git's name of a commit of that tree. `date` is ISO 8601. */
export function commitOid(tree: string, title: string, date: string, parent?: string): string {
  const who = `Atelier stand-in <hub@localhost> ${Math.floor(Date.parse(date) / 1000)} +0000`;
  const body = `tree ${tree}\n${parent ? `parent ${parent}\n` : ''}author ${who}\ncommitter ${who}\n\n${title}\n`;
  return hex('sha1', `commit ${Buffer.byteLength(body)}\0`, body);
}
