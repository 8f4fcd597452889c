/** How big a model on disk is. */
import { statSync } from 'node:fs';

/** Bytes of a model with all its shards, by the path of the first; 0 where there is none. */
export function modelBytes(first: string): number {
  const count = Number(/-00001-of-(\d{5})\.gguf$/i.exec(first)?.[1] ?? 1);
  const shards = Array.from({ length: count }, (_, index) => first.replace(/-00001-of-/i, `-${String(index + 1).padStart(5, '0')}-of-`));
  return shards.reduce((sum, shard) => sum + (statSync(shard, { throwIfNoEntry: false })?.size ?? 0), 0);
}
