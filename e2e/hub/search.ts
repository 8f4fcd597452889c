/** `GET /api/models`: filters, sorting, fields on demand and pages by cursor (protocol 1). */
import { type Answer, type Ask, json, Refusal } from './exchange.ts';
import { byteOrder, type Repository, tagsOf } from './repository.ts';

/** Every field that `expand` accepts and we have a value for; the rest of the Hub's list is accepted and absent. */
const otherFields =
  'baseModels childrenModelCount config downloadsAllTime evalResults inference inferenceProviderMapping mask_token model-index resourceGroup safetensors spaces transformersInfo widgetData';
const plain = ['modelId', 'createdAt', 'private', 'likes', 'downloads', 'trendingScore', 'tags', 'pipeline_tag', 'library_name'];
const full = [...plain, 'author', 'sha', 'lastModified', 'gated', 'disabled', 'siblings'];

/** Everything the Hub could say about a model; in the Hub's order, absent where it has no value. */
export function fieldsOf(repository: Repository): Record<string, unknown> {
  const { spec, card, key, id, createdAt } = repository;
  const head = repository.snapshots.at(-1)!;
  return {
    _id: key,
    id,
    modelId: id,
    author: id.split('/')[0],
    sha: head.commit,
    lastModified: head.date,
    createdAt,
    private: spec.private ?? false,
    gated: spec.gated ?? false,
    disabled: spec.disabled ?? false,
    likes: spec.likes ?? 0,
    downloads: spec.downloads ?? 0,
    trendingScore: spec.trendingScore ?? 0,
    gguf: head.gguf,
    tags: [...new Set(tagsOf(repository))],
    pipeline_tag: card.pipeline_tag,
    library_name: card.library_name,
    cardData: card,
    siblings: [...head.files.keys()].map((rfilename) => ({ rfilename })),
    usedStorage: [...head.files.values()].reduce((sum, { size }) => sum + size, 0),
  };
}

/** The fields asked for by `expand` or `expand[]`; undefined when none is. Refuses names the Hub does not know. */
export function expandOf(url: URL): string[] | undefined {
  const asked = [...url.searchParams.getAll('expand[]'), ...url.searchParams.getAll('expand')].filter((name) => name !== 'false' && name !== 'true');
  for (const name of asked) {
    if (!known.has(name)) throw new Refusal(400, `Invalid option: expected one of ${[...known].map((each) => `"${each}"`).join('|')}`);
  }
  return asked.length > 0 ? asked : undefined;
}
const known = new Set(
  `author cardData createdAt disabled downloads gated gguf lastModified library_name likes pipeline_tag private sha siblings tags trendingScore usedStorage ${otherFields}`.split(
    ' ',
  ),
);

/** An object with only these fields (and `_id`, `id`), without those that have no value. */
export function pick(fields: Record<string, unknown>, names: string[]): Record<string, unknown> {
  const wanted = new Set(['_id', 'id', ...names]);
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => wanted.has(name) && value !== undefined));
}

const sorts: Record<string, (repository: Repository) => number | string> = {
  trendingScore: ({ spec }) => spec.trendingScore ?? 0,
  downloads: ({ spec }) => spec.downloads ?? 0,
  likes: ({ spec }) => spec.likes ?? 0,
  likes30d: ({ spec }) => spec.likes ?? 0,
  lastModified: ({ snapshots }) => snapshots.at(-1)?.date ?? '',
  createdAt: ({ createdAt }) => createdAt,
  num_parameters: ({ snapshots }) => snapshots.at(-1)?.gguf?.total ?? 0,
  mainSize: ({ snapshots }) => snapshots.at(-1)?.gguf?.totalFileSize ?? 0,
  id: ({ id }) => id,
};

/** Answers a search. `base` is the absolute URL of the endpoint, for `Link`. */
export function search(repositories: Repository[], ask: Ask, base: string): Answer {
  const query = ask.url.searchParams;
  const expand = expandOf(ask.url);
  if (expand && (query.get('full') === 'true' || query.has('cardData') || query.has('config')))
    throw new Refusal(400, 'Invalid query: expand and full exclude each other');
  const sort = query.get('sort') ?? 'trendingScore';
  const rankOf = sorts[sort];
  if (!rankOf) throw new Refusal(400, `Invalid sort parameter: ${sort}`);
  if (query.has('direction') && query.get('direction') !== '-1') throw new Refusal(400, 'Invalid direction parameter: only -1 is supported');
  const limit = Number(query.get('limit') ?? 1000);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) throw new Refusal(400, 'Invalid limit parameter');

  const found = repositories.filter((repository) => matches(repository, query, ask.access === 'good'));
  const descending = (a: Repository, b: Repository) => {
    const [left, right] = [rankOf(a), rankOf(b)];
    if (left === right) return byteOrder(a.key, b.key);
    return left < right ? 1 : -1;
  };
  const cursor = query.get('cursor');
  const rest = found.sort(descending).filter(cursor ? after(cursor, sort, rankOf) : () => true);
  const page = rest.slice(0, limit);
  const names = expand ?? (query.get('full') === 'true' ? full : plain);
  const last = page.at(-1);
  const headers: Record<string, string> = {};
  if (last && rest.length > page.length) {
    const next = new URL(`${base}/api/models`);
    for (const [name, value] of query) if (name !== 'cursor') next.searchParams.append(name, value);
    if (!query.has('sort')) next.searchParams.set('sort', sort);
    const condition = { $or: [{ [sort]: rankOf(last), _id: { $gt: last.key } }, { [sort]: { $lt: rankOf(last) } }] };
    next.searchParams.set('cursor', Buffer.from(JSON.stringify(condition)).toString('base64'));
    headers.Link = `<${next}>; rel="next"`;
  }
  return json(
    page.map((repository) => pick(fieldsOf(repository), names)),
    headers,
  );
}

/** What lies behind a cursor: the Mongo condition that we wrote into it. */
function after(cursor: string, sort: string, rankOf: (repository: Repository) => number | string) {
  try {
    const [same] = JSON.parse(Buffer.from(cursor, 'base64').toString()).$or;
    const [value, key] = [same[sort], same._id.$gt];
    if (value === undefined || typeof key !== 'string') throw new Error('not ours');
    return (repository: Repository) => rankOf(repository) < value || (rankOf(repository) === value && repository.key > key);
  } catch {
    throw new Refusal(400, 'Invalid cursor');
  }
}

function matches(repository: Repository, query: URLSearchParams, insider: boolean): boolean {
  const { spec, card, id, snapshots } = repository;
  const gguf = snapshots.at(-1)?.gguf;
  const tags = tagsOf(repository);
  const [min, max] = bounds(query.get('num_parameters') ?? '');
  const apps = query.getAll('apps').flatMap((value) => value.split(','));
  return (
    (!spec.private || insider) &&
    // The Hub takes words in any order, as its own page sends them.
    query
      .getAll('search')
      .flatMap((text) => text.toLowerCase().split(/\s+/))
      .every((word) => id.toLowerCase().includes(word)) &&
    query.getAll('filter').every((tag) => tags.includes(tag)) &&
    (!query.has('author') || id.split('/')[0] === query.get('author')) &&
    (!query.has('pipeline_tag') || card.pipeline_tag === query.get('pipeline_tag')) &&
    (!query.has('gated') || (spec.gated !== undefined) === (query.get('gated') === 'true')) &&
    (apps.length === 0 || gguf?.context_length !== undefined) &&
    (!query.has('num_parameters') || ((gguf?.total ?? 0) >= min && (gguf?.total ?? 0) <= max))
  );
}

/** `min:6B,max:128B` as two numbers. */
function bounds(text: string): [number, number] {
  const read = (name: string, otherwise: number) => {
    const [, digits, unit = ''] = new RegExp(`${name}:([\\d.]+)([KMBT]?)`).exec(text) ?? [];
    return digits === undefined ? otherwise : Number(digits) * ({ K: 1e3, M: 1e6, B: 1e9, T: 1e12 }[unit] ?? 1);
  };
  return [read('min', 0), read('max', Infinity)];
}
