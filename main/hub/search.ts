/** Searches the Hub for GGUF models, a page at a time. */
import * as z from 'zod/mini';
import { familyOf } from '../../shared/family.ts';
import { parseQuery } from '../../shared/query.ts';
import { Fault } from '../../shared/result.ts';
import type { ModelSummary, SearchPage, SearchQuestion, SearchSort } from '../../shared/schemas/hub.ts';
import type { Hub } from './client.ts';
import { isRepo } from './names.ts';
import { nextCursor } from './pages.ts';

export { repoOf } from '../../shared/query.ts';

/** What a row tells about a model; `gguf` is left out as it carries a chat template of 16 kB (protocol 1.1). */
export const summaryFields = ['author', 'downloads', 'likes', 'gated', 'pipeline_tag', 'library_name', 'tags', 'lastModified', 'createdAt', 'trendingScore'];
const pageSize = 30;

const row = z.object({
  // A name of dots only would climb out of a folder.
  id: z.string().check(z.refine(isRepo)),
  downloads: z._default(z.int().check(z.minimum(0)), 0),
  likes: z._default(z.int().check(z.minimum(0)), 0),
  lastModified: z.optional(z.string().check(z.regex(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/))),
  gated: z._default(z.union([z.literal(false), z.enum(['auto', 'manual'])]), false),
  pipeline_tag: z.optional(z.string()),
  tags: z._default(z.array(z.string()), []),
});

type Asked = Omit<SearchQuestion, 'sort'> & { sort?: SearchSort };

const sorts: Record<SearchSort, string> = { trending: 'trendingScore', downloads: 'downloads', likes: 'likes', updated: 'lastModified' };

/**
 * One page of models. A page's `next` is the `cursor` of the one after it. An address or `owner/name` finds that model. Rows that are
 * not as the Hub documents them are left out. Faults as of `Hub.json`.
 */
export async function searchModels(hub: Hub, question: Asked, signal: AbortSignal): Promise<SearchPage> {
  const { query, cursor, sort = 'trending', author, parameters } = question;
  const asked: [string, string][] = [
    ['filter', 'gguf'],
    ['sort', sorts[sort]],
    ['direction', '-1'],
    ['limit', String(pageSize)],
    ...summaryFields.map((field): [string, string] => ['expand[]', field]),
  ];
  const search = parseQuery(query).search.replaceAll(/\s+/g, ' ');
  if (search !== '') asked.splice(1, 0, ['search', search]);
  const range = parameterRange(parameters);
  if (author !== undefined) asked.push(['author', author]);
  if (range !== undefined) asked.push(['num_parameters', range]);
  if (cursor !== undefined) asked.push(['cursor', cursor]);
  const { body, headers } = await hub.json('/api/models', asked, signal);
  if (!Array.isArray(body)) throw new Fault('hub.badAnswer', `${hub.endpoint} does not answer like the Hub.`, { endpoint: hub.endpoint });
  const models = body.map(parseSummary).filter((model) => model !== undefined);
  const next = nextCursor(headers);
  // A server that hands out the same page for ever would never let the list end.
  return { models, ...(next !== undefined && next !== cursor && { next }) };
}

/** `min:6B,max:128B`; whole millions where it is not whole billions (protocol 1.1). */
function parameterRange({ min, max }: NonNullable<SearchQuestion['parameters']> = {}): string | undefined {
  const spelt = (billions: number): string => (Number.isInteger(billions) ? `${billions}B` : `${Math.round(billions * 1000)}M`);
  const parts = [...(min === undefined ? [] : [`min:${spelt(min)}`]), ...(max === undefined ? [] : [`max:${spelt(max)}`])];
  return parts.length > 0 ? parts.join(',') : undefined;
}

/** A row as the app shows it; undefined where it is not as the Hub documents it. */
export function parseSummary(value: unknown): ModelSummary | undefined {
  const { success, data } = row.safeParse(value);
  if (!success) return undefined;
  const [owner = '', name = ''] = data.id.split('/');
  const licence = data.tags.find((tag) => /^license:[\w.+-]{1,80}$/.test(tag))?.slice('license:'.length);
  const { baseModel, quantized } = basesOf(data.tags);
  const marks = [...data.tags, ...(data.pipeline_tag === undefined ? [] : [data.pipeline_tag])].map((tag) => tag.toLowerCase());
  const tagged = (wanted: RegExp): boolean => marks.some((mark) => wanted.test(mark));
  return {
    id: data.id,
    owner,
    name,
    downloads: data.downloads,
    likes: data.likes,
    gated: data.gated === false ? 'no' : data.gated,
    vision: tagged(/^(?:image-text-to-text|any-to-any|image-to-text|visual-question-answering)$/),
    ...(data.lastModified !== undefined && { updatedAt: data.lastModified }),
    ...familyOf(name, quantized),
    tools: tagged(/^(?:tool-?(?:calling|use)|tools|function-?calling|agentic?)$/),
    reasoning: tagged(/^(?:reasoning|thinking|reasoner|chain-of-thought|cot)$/),
    ...(licence && { licence }),
    ...(baseModel && { baseModel }),
  };
}

/**
 * The model that this one was made from, and the one that it is only a quantization of: a fine-tune, an adapter and a merge are
 * models of their own, as is a collection of several.
 */
function basesOf(tags: readonly string[]): { baseModel?: string | undefined; quantized?: string | undefined } {
  const bases = new Map<string, string[]>();
  for (const tag of tags) {
    const [, relation = '', id] = baseTag.exec(tag) ?? [];
    if (id !== undefined && isRepo(id)) bases.set(relation, [...new Set([...(bases.get(relation) ?? []), id])]);
  }
  const [first, ...others] = bases.get('quantized') ?? [];
  const [any, ...more] = bases.get('') ?? [];
  const untold = bases.size === 1 && more.length === 0 ? any : undefined;
  return { baseModel: first ?? any, quantized: others.length > 0 ? undefined : (first ?? untold) };
}
const baseTag = /^base_model:(?:(quantized|finetune|adapter|merge):)?([^:]+)$/;
