/** Which GGUF files lie in a folder, shards joined. Names only: headers are read by the library. */
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileName, parseFileName } from '../../shared/quant.ts';

export interface FoundFile {
  /** As the library names it, with `/`. */
  path: string;
  /** Where it lies below its place, with `/`: tells repositories apart and what belongs together. */
  within: string;
  /** Bytes. */
  size: number;
  /** Milliseconds since 1970. */
  changedAt: number;
  /** The same for two names of the same bytes. */
  inode: string;
  /** Where its name in another app's store tells. */
  sha256?: string;
}
export interface FoundModel {
  /** Where it is not the path of the first file. */
  id?: string;
  repo?: string;
  name?: string;
  hub?: { repo: string; commit: string; path: string };
  /** In shard order. */
  files: FoundFile[];
  label: string | undefined;
  /** Not all of its shards are here. */
  incomplete: boolean;
  /** Where the store itself says which one. */
  projector?: FoundFile;
}

export interface Found {
  models: FoundModel[];
  projectors: FoundFile[];
}

/** Looks through the folder (`deep`: and those in it), past dot folders and unfinished downloads; `prefix` begins the files' names. A folder that cannot be read counts as empty. */
export async function scan(folder: string, prefix = '', deep = true): Promise<Found> {
  const files: FoundFile[] = [];
  for await (const file of ggufFiles(folder, '', deep)) files.push({ ...file, path: prefix + file.within });
  return grouped(files);
}

/** Models and projectors among `files`, by their names. */
export function grouped(files: readonly FoundFile[]): Found {
  const groups = new Map<string, { file: FoundFile; name: FileName }[]>();
  const projectors: FoundFile[] = [];
  for (const file of files) {
    const name = parseFileName(file.within);
    if (name.role === 'mmproj') projectors.push(file);
    if (name.role !== 'model') continue;
    const group = name.shard?.group ?? file.within;
    groups.set(group, [...(groups.get(group) ?? []), { file, name }]);
  }
  const models = [...groups.values()].map((shards): FoundModel => {
    shards.sort((a, b) => (a.name.shard?.index ?? 0) - (b.name.shard?.index ?? 0));
    const { label, shard } = shards[0]!.name;
    return { files: shards.map(({ file }) => file), label, incomplete: shard !== undefined && shards.length !== shard.count };
  });
  return { models, projectors };
}

/** The facts of the file system that the library goes by. */
export const factsOf = ({ size, mtimeMs, dev, ino }: Stats): Pick<FoundFile, 'size' | 'changedAt' | 'inode'> => ({
  size,
  changedAt: mtimeMs,
  inode: `${dev}:${ino}`,
});

async function* ggufFiles(folder: string, prefix: string, deep: boolean): AsyncIterable<Omit<FoundFile, 'path'>> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const within = prefix ? `${prefix}/${entry.name}` : entry.name;
    if (entry.isDirectory()) {
      if (deep) yield* ggufFiles(folder, within, deep);
    } else if (entry.name.toLowerCase().endsWith('.gguf')) {
      // People link to files of other programs; a folder link could lead round in a circle and is not followed.
      const file = await stat(join(folder, within)).catch(() => undefined);
      if (file?.isFile()) yield { within, ...factsOf(file) };
    }
  }
}
