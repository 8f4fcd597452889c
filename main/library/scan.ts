/** Which GGUF files lie in the models folder, shards joined. Names only: headers are read by the library. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileName, parseFileName } from '../../shared/quant.ts';

export interface FoundFile {
  /** Relative to the models folder, with `/`. */
  path: string;
  /** Bytes. */
  size: number;
  /** Milliseconds since 1970. */
  changedAt: number;
}
export interface FoundModel {
  /** In shard order. */
  files: FoundFile[];
  label: string | undefined;
  /** Not all of its shards are here. */
  incomplete: boolean;
}

export interface Found {
  models: FoundModel[];
  projectors: FoundFile[];
}

/** Looks through the folder, past dot folders and unfinished downloads. A folder that cannot be read counts as empty. */
export async function scan(folder: string): Promise<Found> {
  const groups = new Map<string, { file: FoundFile; name: FileName }[]>();
  const projectors: FoundFile[] = [];
  for await (const file of ggufFiles(folder, '')) {
    const name = parseFileName(file.path);
    if (name.role === 'mmproj') projectors.push(file);
    if (name.role !== 'model') continue;
    const group = name.shard?.group ?? file.path;
    groups.set(group, [...(groups.get(group) ?? []), { file, name }]);
  }
  const models = [...groups.values()].map((shards): FoundModel => {
    shards.sort((a, b) => (a.name.shard?.index ?? 0) - (b.name.shard?.index ?? 0));
    const { label, shard } = shards[0]!.name;
    return { files: shards.map(({ file }) => file), label, incomplete: shard !== undefined && shards.length !== shard.count };
  });
  return { models, projectors };
}

async function* ggufFiles(folder: string, prefix: string): AsyncIterable<FoundFile> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = prefix ? `${prefix}/${entry.name}` : entry.name;
    if (entry.isDirectory()) yield* ggufFiles(folder, path);
    else if (entry.name.toLowerCase().endsWith('.gguf')) {
      // People link to files of other programs; a folder link could lead round in a circle and is not followed.
      const file = await stat(join(folder, path)).catch(() => undefined);
      if (file?.isFile()) yield { path, size: file.size, changedAt: file.mtimeMs };
    }
  }
}
