/** A model and its files as a person chooses among them, before any of them is read. */
import * as z from 'zod/mini';
import { familyOf } from '../../shared/family.ts';
import { licenceOf } from '../../shared/licence.ts';
import { Fault } from '../../shared/result.ts';
import type { ModelDetail } from '../../shared/schemas/hub.ts';
import { isRunnable } from '../gguf/architectures.ts';
import { templateTraits } from '../gguf/thinking.ts';
import type { Hub } from './client.ts';
import { chooseProjector, groupQuantizations } from './group.ts';
import { createJoined } from './joined.ts';
import { isRepo } from './names.ts';
import { parseSummary, summaryFields } from './search.ts';
import { listFiles } from './tree.ts';

const someText = z.catch(z.optional(z.string().check(z.maxLength(200))), undefined);

/** What the Hub read out of one of the model files: any of it may be missing or be nonsense. */
const gguf = z.object({
  total: z.catch(z.optional(z.number()), undefined),
  architecture: someText,
  context_length: z.catch(z.optional(z.int().check(z.minimum(1))), undefined),
  chat_template: z.catch(z.optional(z.string()), undefined),
});

const card = z.object({
  base_model: z.catch(z.optional(z.union([z.string(), z.array(z.string())])), undefined),
  license: someText,
  language: z.catch(z.optional(z.union([z.string(), z.array(z.string())])), undefined),
});

const info = z.object({
  sha: z.string().check(z.regex(/^[0-9a-f]{40}$/)),
  tags: z._default(z.array(z.string()), []),
  createdAt: z.catch(z.optional(z.string().check(z.regex(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/))), undefined),
  cardData: z.catch(z.optional(card), undefined),
  gguf: z.catch(z.optional(gguf), undefined),
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
  if (!isRepo(repo)) throw new Fault('hub.notFound', `${repo} does not exist on the Hub.`, { repo });
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
  const licence = summary.licence ?? data.cardData?.license;
  const baseModel = summary.baseModel ?? [data.cardData?.base_model].flat().find((base) => base !== undefined && isRepo(base));
  const architecture = data.gguf?.architecture;
  return {
    ...summary,
    ...(summary.baseModel === undefined && familyOf(summary.name, baseModel)),
    vision: projector !== undefined,
    commit: data.sha,
    quantizations,
    languages: languagesOf(data.cardData?.language),
    commercial: licenceOf(licence).commercial,
    ...templateTraits(data.gguf?.chat_template ?? ''),
    runnable: architecture === undefined || isRunnable(architecture),
    ...(licence && { licence }),
    ...(baseModel && { baseModel }),
    ...(data.createdAt && { createdAt: data.createdAt }),
    ...(summary.updatedAt && { lastCommitAt: summary.updatedAt }),
    ...(parameters !== undefined && { parameters }),
    ...(architecture && { architecture }),
    ...(data.gguf?.context_length && { contextLength: data.gguf.context_length }),
    ...(projector && { projector }),
  };
}

/** As cards write them: one or a list, names or codes. */
const languagesOf = (told: string | string[] | undefined): string[] =>
  [...new Set([told ?? []].flat())].filter((language) => /^[\p{L}][\p{L} -]{1,30}$/u.test(language)).slice(0, 200);
