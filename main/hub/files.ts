/** A model and its files as a person chooses among them, before any of them is read. */
import * as z from 'zod/mini';
import { Fault } from '../../shared/result.ts';
import type { ModelDetail } from '../../shared/schemas/hub.ts';
import type { Hub } from './client.ts';
import { chooseProjector, groupQuantizations } from './group.ts';
import { createJoined } from './joined.ts';
import { isSafePath } from './names.ts';
import { parseSummary, summaryFields } from './search.ts';
import { listFiles } from './tree.ts';

const info = z.object({
  sha: z.string().check(z.regex(/^[0-9a-f]{40}$/)),
  tags: z._default(z.array(z.string()), []),
  cardData: z.catch(z.optional(z.object({ base_model: z.optional(z.union([z.string(), z.array(z.string())])), license: z.optional(z.string()) })), undefined),
  gguf: z.catch(z.optional(z.object({ total: z.optional(z.number()), architecture: z.optional(z.string()), context_length: z.optional(z.int()) })), undefined),
});

/** A picker that moves a slider asks many times a second; a repository changes every few months. */
const ageMs = 60_000;
const mostKept = 100;

interface Kept {
  models: Map<string, { model: ModelDetail; at: number }>;
  joined: ReturnType<typeof createJoined<ModelDetail>>;
}
const keptOf = new WeakMap<Hub, Kept>();

/**
 * A model's page and its files, both at one commit: two requests of the "api" budget, kept for a minute. Questions at the same time
 * are one. Faults as of `Hub.json`.
 */
export async function readModel(hub: Hub, repo: string, signal: AbortSignal): Promise<ModelDetail> {
  if (!isSafePath(repo)) throw new Fault('hub.notFound', `${repo} does not exist on the Hub.`, { repo });
  const kept = keptOf.get(hub) ?? { models: new Map(), joined: createJoined() };
  keptOf.set(hub, kept);
  const key = `${hub.endpoint} ${hub.token} ${repo}`;
  const found = kept.models.get(key);
  if (found && Date.now() - found.at < ageMs) return found.model;
  return kept.joined(key, signal, async (until) => {
    const model = await ask(hub, repo, until);
    kept.models.delete(key);
    kept.models.set(key, { model, at: Date.now() });
    if (kept.models.size > mostKept) kept.models.delete(kept.models.keys().next().value!);
    return model;
  });
}

async function ask(hub: Hub, repo: string, signal: AbortSignal): Promise<ModelDetail> {
  const fields = [...summaryFields, 'sha', 'gguf', 'cardData'].map((field): [string, string] => ['expand[]', field]);
  const { body } = await hub.json(`/api/models/${repo}`, fields, signal, repo);
  const summary = parseSummary(body);
  const { success, data } = info.safeParse(body);
  if (!success || !summary) throw new Fault('hub.badAnswer', `${hub.endpoint} does not answer like the Hub.`, { endpoint: hub.endpoint });
  const files = await listFiles(hub, repo, data.sha, signal);
  const parameters = data.gguf?.total && data.gguf.total > 0 ? data.gguf.total : undefined;
  const quantizations = groupQuantizations(files, parameters);
  const projector = chooseProjector(files, quantizations);
  const baseModel = [data.cardData?.base_model].flat()[0] ?? data.tags.find((tag) => /^base_model:[^:]+$/.test(tag))?.slice('base_model:'.length);
  return {
    ...summary,
    vision: projector !== undefined,
    commit: data.sha,
    quantizations,
    ...(summary.licence === undefined && data.cardData?.license && { licence: data.cardData.license }),
    ...(baseModel && { baseModel }),
    ...(parameters !== undefined && { parameters }),
    ...(data.gguf?.architecture && { architecture: data.gguf.architecture }),
    ...(data.gguf?.context_length && { contextLength: data.gguf.context_length }),
    ...(projector && { projector }),
  };
}
