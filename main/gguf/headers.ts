/** The headers of models on the Hub and on disk: read once, slimmed, kept on disk. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseFileName } from '../../shared/quant.ts';
import { Fault } from '../../shared/result.ts';
import type { HubFile } from '../../shared/schemas/hub.ts';
import type { Hub } from '../hub/client.ts';
import { createJoined } from '../hub/joined.ts';
import { writeWhole } from '../wholeFile.ts';
import { type ModelFacts, modelFacts } from './facts.ts';
import { parseHeader, truncated } from './header.ts';
import { headerOf, readHeader, type Source } from './read.ts';
import { hubSource } from './remote.ts';
import { createSiblings } from './sibling.ts';
import { type HeaderBytes, slimHeader } from './slim.ts';

export interface Header {
  /** The slim header on disk: one file for all shards, which llama.cpp can virtual-load. */
  path: string;
  facts: ModelFacts;
}

export interface Headers {
  /**
   * The header of a quantization's or a projector's files on the Hub, in shard order. Reads 256 KiB of each, then as much more as it takes
   * (9 to 16 MB where a vocabulary is large; less than 0.1 MB for the next quantization of the same model), and nothing when it was read before. Faults: those of the Hub, `download.changed`,
   * `gguf.*`, `memory.unknown` for tensor types that this llama.cpp does not know, `cancelled`.
   */
  forHub(model: { repo: string; commit: string; files: readonly HubFile[] }, signal: AbortSignal): Promise<Header>;
  /** The same of files on disk, given by their absolute paths in shard order. `library.notFound` where one is missing. */
  forFile(paths: readonly string[], signal?: AbortSignal): Promise<Header>;
}

/** The slim form's own version: another one is made anew. */
const version = 'v3';
const atOnce = 4;

/** Headers kept under `cacheFolder/headers`. */
export function createHeaders({ hub, cacheFolder }: { hub: Hub; cacheFolder: string }): Headers {
  const folder = join(cacheFolder, 'headers', version);
  const joined = createJoined<Header>();
  const siblings = createSiblings();

  /** What is kept under `key`, else what `read` gives, kept. */
  async function kept(key: string, name: string, read: () => Promise<HeaderBytes[]>): Promise<Header> {
    const path = join(folder, `${key}.gguf`);
    const found = await readKept(path);
    if (found) return { path, facts: found };
    const shards = await read();
    checkShards(shards, name);
    const slim = slimHeader(shards, name);
    await writeWhole(path, slim);
    return { path, facts: modelFacts(shards.map(({ header }) => header)) };
  }

  return {
    forHub: ({ repo, commit, files }, signal) => {
      const known = files.every(({ sha256 }) => sha256 !== undefined);
      const key = digest(known ? ['sha256', ...files.map(({ sha256 }) => sha256!)] : ['path', hub.endpoint, repo, commit, ...files.map(({ path }) => path)]);
      return joined(key, signal, (until) =>
        kept(key, files[0]!.path, async () => {
          const [first, ...rest] = files;
          const sourceOf = (file: HubFile): Promise<Source> => hubSource(hub, { repo, commit, file }, until);
          const isModel = parseFileName(first!.path).role === 'model';
          const shard = isModel ? await siblings(`${hub.endpoint} ${repo} ${commit}`, await sourceOf(first!)) : await readHeader(await sourceOf(first!));
          return [shard, ...(await readAll(rest, async (file) => readHeader(await sourceOf(file))))];
        }),
      );
    },

    async forFile(paths, signal = new AbortController().signal) {
      const stats = await Promise.all(paths.map(statOf));
      const key = digest(['disk', ...paths.flatMap((path, index) => [path, String(stats[index]!.size), String(stats[index]!.mtimeMs)])]);
      return joined(key, signal, () => kept(key, basename(paths[0]!), () => readAll(paths, (path) => headerOf(path))));
    },
  };
}

const digest = (parts: string[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** A slim header that was kept; undefined where there is none, or not a whole one. */
async function readKept(path: string): Promise<ModelFacts | undefined> {
  try {
    const header = parseHeader(await readFile(path), path);
    return 'needs' in header ? undefined : modelFacts([header]);
  } catch {
    return undefined;
  }
}

async function readAll<T>(items: readonly T[], read: (item: T) => Promise<HeaderBytes>): Promise<HeaderBytes[]> {
  const all: HeaderBytes[] = [];
  for (let at = 0; at < items.length; at += atOnce) all.push(...(await Promise.all(items.slice(at, at + atOnce).map(read))));
  return all;
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    throw new Fault('library.notFound', `${path} is not there.`, { id: path }, error);
  }
}

/** Throws `gguf.truncated` when a split model is not given whole and in order. */
function checkShards(shards: readonly HeaderBytes[], file: string): void {
  const first = shards[0]!.header.metadata;
  const count = first.get('split.count');
  if (shards.length === 1 && (count === undefined || count === 1 || count === 0)) return;
  const inOrder = shards.every(({ header }, index) => header.metadata.get('split.no') === index);
  const tensors = shards.reduce((sum, { header }) => sum + header.tensors.length, 0);
  const expected = first.get('split.tensors.count');
  if (count !== shards.length || !inOrder || (typeof expected === 'number' && expected !== tensors)) throw truncated(file);
}
