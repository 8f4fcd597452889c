/** Lists a repository's files, page by page. */
import * as z from 'zod/mini';
import { type FileName, parseFileName } from '../../shared/quant.ts';
import { Fault } from '../../shared/result.ts';
import type { HubFile } from '../../shared/schemas/hub.ts';
import type { Hub } from './client.ts';
import { isSafePath } from './names.ts';
import { nextCursor } from './pages.ts';

const maxPages = 50;

const entry = z.object({
  type: z.literal('file'),
  path: z.string(),
  size: z.int().check(z.minimum(0)),
  lfs: z.optional(z.object({ oid: z.string(), size: z.int().check(z.minimum(0)) })),
});

/** A file with what its name tells. */
export interface NamedFile {
  file: HubFile;
  name: FileName;
}

/**
 * Every file of the repository at a commit that has to do with GGUF and whose name is safe to put on a disk.
 * Follows the pages of `/tree`, at most fifty and none twice. Faults as of `Hub.json`.
 */
export async function listFiles(hub: Hub, repo: string, commit: string, signal: AbortSignal): Promise<NamedFile[]> {
  const files = new Map<string, NamedFile>();
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const query: [string, string][] = [['recursive', 'true'], ['expand', 'false'], ...(cursor === undefined ? [] : [['cursor', cursor] as [string, string]])];
    const { body, headers } = await hub.json(`/api/models/${repo}/tree/${commit}`, query, signal, repo);
    if (!Array.isArray(body)) throw new Fault('hub.badAnswer', `${hub.endpoint} does not answer like the Hub.`, { endpoint: hub.endpoint });
    for (const value of body) {
      const named = parseEntry(value);
      // Two names that differ in case only are one file on most disks: the first stays.
      if (named && !files.has(named.file.path.toLowerCase())) files.set(named.file.path.toLowerCase(), named);
    }
    cursor = nextCursor(headers);
    if (cursor === undefined || seen.has(cursor)) break;
    seen.add(cursor);
  }
  return [...files.values()];
}

function parseEntry(value: unknown): NamedFile | undefined {
  const { success, data } = entry.safeParse(value);
  if (!success || !isSafePath(data.path)) return undefined;
  const name = parseFileName(data.path);
  if (name.role === 'other' && name.unsupported === undefined) return undefined;
  // A gated repository shows asterisks in place of hashes.
  const sha256 = /^[0-9a-f]{64}$/i.exec(data.lfs?.oid ?? '')?.[0].toLowerCase();
  return { file: { path: data.path, size: data.lfs?.size ?? data.size, ...(sha256 && { sha256 }) }, name };
}
