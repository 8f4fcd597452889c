/** A repository of the stand-in Hub: its card, its commits and the files of each, with every hash computed. */
import { createHash } from 'node:crypto';
import { bytes, type Content } from './content.ts';
import { type GgufInfo, ggufInfo } from './gguf.ts';
import { commitOid, gitTrees, type Identity, identify } from './hashes.ts';

/** The YAML front matter of a model card, as the Hub answers it under `cardData`. */
export type Card = {
  license?: string;
  base_model?: string[];
  library_name?: string;
  pipeline_tag?: string;
  language?: string[];
  tags?: string[];
};

/** What a test or the built-in list declares. Counters are what the Hub shows; dates are ISO 8601. */
export type RepositorySpec = {
  /** `owner/name`. */
  repo: string;
  files: Record<string, Content>;
  card?: Card;
  gated?: 'auto' | 'manual';
  /** Only seen with a token that has access. */
  private?: boolean;
  /** Taken down by the Hub. */
  disabled?: boolean;
  downloads?: number;
  likes?: number;
  trendingScore?: number;
  createdAt?: string;
  lastModified?: string;
  /** Of a model whose header here was stripped of its own. */
  chatTemplate?: string;
  /** What the Hub's scanners found; nothing and done by default. */
  security?: { scansDone: boolean; filesWithIssues: { path: string; level: string }[] };
  /** Answers on old names with a 307 to this repository. */
  formerly?: string[];
};

/** One commit: the files, the folders and what was read out of the first model file. */
export type Snapshot = {
  commit: string;
  title: string;
  date: string;
  files: Map<string, Identity & { content: Content }>;
  /** Git's name of every folder but the root. */
  folders: Map<string, string>;
  gguf: GgufInfo | undefined;
};

export type Repository = {
  /** 24 hex: the database's id of it, seen as `_id` and in the CDN's paths. */
  key: string;
  id: string;
  spec: RepositorySpec;
  card: Card;
  createdAt: string;
  /** The newest last; `main` points to it. */
  snapshots: Snapshot[];
};

/** Byte order, as the Hub lists paths. */
export const byteOrder = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Opens a declared repository: computes every hash and the first commit. */
export async function openRepository(spec: RepositorySpec): Promise<Repository> {
  const createdAt = spec.createdAt ?? '2026-03-02T09:00:00.000Z';
  const seconds = Math.floor(Date.parse(createdAt) / 1000).toString(16);
  const key = (seconds + createHash('sha1').update(spec.repo).digest('hex')).slice(0, 24);
  const repository: Repository = { key, id: spec.repo, spec, card: spec.card ?? {}, createdAt, snapshots: [] };
  await commit(repository, spec.files, spec.lastModified ?? createdAt);
  return repository;
}

/** Adds a commit in which the given files are new or replaced; `undefined` takes one away. Returns its name. */
export async function commit(repository: Repository, files: Record<string, Content | undefined>, date: string): Promise<string> {
  const parent = repository.snapshots.at(-1);
  const contents = new Map([...(parent?.files ?? [])].map(([path, { content }]) => [path, content]));
  for (const [path, content] of Object.entries(files)) content ? contents.set(path, content) : contents.delete(path);
  contents.has('.gitattributes') || contents.set('.gitattributes', bytes('*.gguf filter=lfs diff=lfs merge=lfs -text\n'));
  const entries = await Promise.all([...contents].map(async ([path, content]) => [path, { ...(await identify(path, content)), content }] as const));
  const ordered = new Map(entries.sort(([a], [b]) => byteOrder(a, b)));
  const folders = gitTrees(new Map([...ordered].map(([path, { oid }]) => [path, oid])));
  const title = parent ? 'Upload folder using huggingface_hub' : 'initial commit';
  const name = commitOid(folders.get('')!, title, date, parent?.commit);
  folders.delete('');
  repository.snapshots.push({ commit: name, title, date, files: ordered, folders, gguf: await readGguf(contents, repository.spec.chatTemplate) });
  return name;
}

/** The Hub reads one model file: the biggest whole one here (which one the real Hub takes is not known); projectors are no model. */
async function readGguf(contents: Map<string, Content>, template: string | undefined): Promise<GgufInfo | undefined> {
  const info = await readHeaders(contents);
  return info && { ...(template !== undefined && { chat_template: template }), ...info };
}

async function readHeaders(contents: Map<string, Content>): Promise<GgufInfo | undefined> {
  const models = [...contents].filter(([path]) => path.endsWith('.gguf') && !/mmproj|imatrix/.test(path));
  const whole = models.filter(([path]) => !/-\d{5}-of-\d{5}\.gguf$/.test(path)).sort(([, a], [, b]) => b.size - a.size)[0];
  if (whole) return ggufInfo([whole[1]]);
  const first = models.map(([path]) => path).find((path) => /-00001-of-\d{5}\.gguf$/.test(path));
  if (!first) return undefined;
  const group = first.replace(/-00001-of-(\d{5})\.gguf$/, '');
  return ggufInfo(
    models
      .filter(([path]) => path.startsWith(`${group}-`))
      .sort(([a], [b]) => byteOrder(a, b))
      .map(([, content]) => content),
  );
}

/** The commit that a branch or a commit name means; undefined when there is none ("Invalid rev id"). */
export function snapshotAt(repository: Repository, revision: string): Snapshot | undefined {
  if (['main', 'HEAD', 'refs/heads/main'].includes(revision)) return repository.snapshots.at(-1);
  return repository.snapshots.find(({ commit: name }) => name === revision);
}

/** The tags the Hub shows for it: library, format, languages, base model, licence, region. */
export function tagsOf({ card, snapshots }: Repository): string[] {
  const gguf = [...(snapshots.at(-1)?.files.keys() ?? [])].some((path) => path.endsWith('.gguf'));
  return [
    ...(card.library_name ? [card.library_name] : []),
    ...(gguf ? ['gguf'] : []),
    ...(card.tags ?? []),
    ...(card.pipeline_tag ? [card.pipeline_tag] : []),
    ...(card.language ?? []),
    ...(card.base_model ?? []).flatMap((base) => [`base_model:${base}`, `base_model:quantized:${base}`]),
    ...(card.license ? [`license:${card.license}`] : []),
    ...(gguf ? ['endpoints_compatible'] : []),
    'region:us',
    ...(snapshots.at(-1)?.gguf ? ['conversational'] : []),
  ];
}
