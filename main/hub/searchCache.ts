/** Searching with the pages that were seen before: shown at once, then fresh, and instead of nothing where the Hub cannot be had. */
import { createHash } from 'node:crypto';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { Fault, toAppError } from '../../shared/result.ts';
import { type SearchPage, type SearchQuestion, searchPage } from '../../shared/schemas/hub.ts';
import { writeWhole } from '../wholeFile.ts';
import type { Hub } from './client.ts';
import { searchModels } from './search.ts';

/** A page with when it was asked for. Another form of it gets another folder. */
const kept = z.object({ at: z.string().check(z.regex(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)), page: searchPage });
type Kept = z.infer<typeof kept>;
const version = 'v1';

/** About 15 kB each. */
const mostPages = 200;
const longestPage = 1 << 20;

export interface Search {
  /**
   * The page that was kept, with its age; then the fresh one. Where that cannot be had: the kept one again, with the problem, or the
   * problem is thrown where nothing was kept. Faults as of `Hub.json`.
   */
  search(question: SearchQuestion, signal: AbortSignal): AsyncGenerator<SearchPage, void>;
}

/** Pages kept under `cacheFolder/search`, the newest 200. */
export function createSearch({ hub, cacheFolder }: { hub: Hub; cacheFolder: string }): Search {
  const folder = join(cacheFolder, 'search', version);

  return {
    async *search(question, signal) {
      const path = join(folder, `${keyOf(hub, question)}.json`);
      const old = await read(path);
      const before: SearchPage | undefined = old && { ...old.page, cachedAt: old.at };
      if (before) yield before;
      const fresh = await searchModels(hub, question, signal).catch((error: unknown) => {
        if (!before || (error instanceof Fault && error.code === 'cancelled')) throw error;
        return { ...before, problem: toAppError(error) };
      });
      // A full disk is no reason to show nothing.
      if (!('problem' in fresh)) await write(folder, path, fresh).catch(() => {});
      yield fresh;
    },
  };
}

/** A token may see more than others do. */
function keyOf({ endpoint, token }: Hub, { query, cursor, sort, author, parameters }: SearchQuestion): string {
  const question = [endpoint, token, query.trim().toLowerCase(), cursor, sort, author, parameters?.min, parameters?.max];
  return createHash('sha256').update(JSON.stringify(question)).digest('hex');
}

/** What was kept; undefined where there is nothing, or nothing whole. */
async function read(path: string): Promise<Kept | undefined> {
  try {
    const handle = await open(path);
    try {
      if ((await handle.stat()).size > longestPage) return undefined;
      return kept.parse(JSON.parse(await handle.readFile('utf8')));
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}

async function write(folder: string, path: string, page: SearchPage): Promise<void> {
  const text = JSON.stringify({ at: new Date().toISOString(), page } satisfies Kept);
  if (text.length > longestPage) return;
  await writeWhole(path, text);
  await removeOldest(folder);
}

async function removeOldest(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= mostPages) return;
  const dated = await Promise.all(names.map(async (name) => ({ path: join(folder, name), at: (await stat(join(folder, name))).mtimeMs })));
  const oldest = dated.sort((a, b) => a.at - b.at).slice(0, names.length - mostPages);
  await Promise.all(oldest.map(({ path }) => rm(path, { force: true })));
}
