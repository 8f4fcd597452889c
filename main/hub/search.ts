/** Searches the Hub for GGUF models, a page at a time. */
import * as z from 'zod/mini';
import { Fault } from '../../shared/result.ts';
import type { ModelSummary, SearchPage } from '../../shared/schemas/hub.ts';
import type { Hub } from './client.ts';
import { isSafePath } from './names.ts';
import { nextCursor } from './pages.ts';

/** What a row tells about a model; `gguf` is left out as it carries a chat template of 16 kB (protocol 1.1). */
export const summaryFields = ['author', 'downloads', 'likes', 'gated', 'pipeline_tag', 'library_name', 'tags', 'lastModified', 'createdAt', 'trendingScore'];
const pageSize = 30;

const row = z.object({
  id: z.string().check(z.regex(/^[\w.-]{1,96}\/[\w.-]{1,96}$/)),
  downloads: z._default(z.int().check(z.minimum(0)), 0),
  likes: z._default(z.int().check(z.minimum(0)), 0),
  lastModified: z.optional(z.string().check(z.regex(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/))),
  gated: z._default(z.union([z.literal(false), z.enum(['auto', 'manual'])]), false),
  pipeline_tag: z.optional(z.string()),
  tags: z._default(z.array(z.string()), []),
});

/**
 * One page of models, most talked about first. A page's `next` is the `cursor` of the one after it. A Hub URL or `owner/name`
 * finds that model too. Rows that are not as the Hub documents them are left out. Faults as of `Hub.json`.
 */
export async function searchModels(hub: Hub, { query, cursor }: { query: string; cursor?: string | undefined }, signal: AbortSignal): Promise<SearchPage> {
  const search = repoOf(query) ?? query.trim();
  const asked: [string, string][] = [
    ['filter', 'gguf'],
    ['sort', 'trendingScore'],
    ['direction', '-1'],
    ['limit', String(pageSize)],
    ...summaryFields.map((field): [string, string] => ['expand[]', field]),
  ];
  if (search !== '') asked.splice(1, 0, ['search', search]);
  if (cursor !== undefined) asked.push(['cursor', cursor]);
  const { body, headers } = await hub.json('/api/models', asked, signal);
  if (!Array.isArray(body)) throw new Fault('hub.badAnswer', `${hub.endpoint} does not answer like the Hub.`, { endpoint: hub.endpoint });
  const models = body.map(parseSummary).filter((model) => model !== undefined);
  const next = nextCursor(headers);
  // A server that hands out the same page for ever would never let the list end.
  return { models, ...(next !== undefined && next !== cursor && { next }) };
}

/** A row as the app shows it; undefined where it is not as the Hub documents it. */
export function parseSummary(value: unknown): ModelSummary | undefined {
  const { success, data } = row.safeParse(value);
  // A name of dots only would climb out of a folder.
  if (!success || !isSafePath(data.id)) return undefined;
  const [owner = '', name = ''] = data.id.split('/');
  const licence = data.tags.find((tag) => tag.startsWith('license:'))?.slice('license:'.length);
  return {
    id: data.id,
    owner,
    name,
    downloads: data.downloads,
    likes: data.likes,
    gated: data.gated === false ? 'no' : data.gated,
    vision: [data.pipeline_tag, ...data.tags].some(
      (tag) => tag !== undefined && /^(?:image-text-to-text|any-to-any|image-to-text|visual-question-answering)$/.test(tag),
    ),
    ...(data.lastModified !== undefined && { updatedAt: data.lastModified }),
    ...(licence && { licence }),
  };
}

/** `owner/name` of a pasted address of a model's page or file, on the Hub, a mirror or a deep link; undefined for anything else. */
export function repoOf(query: string): string | undefined {
  const text = query.trim();
  const path =
    /^(?:https?:\/\/)?(?:[\w-]+\.)*(?:huggingface\.co|hf\.co|hf-mirror\.com)\/(.*)$/i.exec(text)?.[1] ??
    (/^https?:\/\//i.test(text) ? URL.parse(text)?.pathname.slice(1) : undefined);
  return path === undefined ? undefined : /^(?:api\/models\/|models\/)?([\w.-]{1,96}\/[\w.-]{1,96})(?:[/?#:]|$)/.exec(path)?.[1];
}
