/** One repository over the API: details, tree, paths, refs (protocol 2). */
import { type Answer, type Ask, json, Refusal } from './exchange.ts';
import { byteOrder, type Repository, type Snapshot, snapshotAt } from './repository.ts';
import { expandOf, fieldsOf, pick } from './search.ts';

const asterisks = '*'.repeat(64);

/** True when hashes are hidden: a gated repository read without access (protocol 2.2). */
const masked = (repository: Repository, ask: Ask) => repository.spec.gated !== undefined && ask.access !== 'good';

/** The commit, or the Hub's answer when there is none of that name. */
export function revisionOf(repository: Repository, revision: string): Snapshot {
  const snapshot = snapshotAt(repository, revision);
  if (!snapshot) throw new Refusal(404, `Invalid rev id: ${revision}`, 'RevisionNotFound');
  return snapshot;
}

/** `GET /api/models/{id}` and `/revision/{rev}`. */
export function details(repository: Repository, ask: Ask, revision = 'main'): Answer {
  const snapshot = revisionOf(repository, revision);
  const expand = expandOf(ask.url);
  const blobs = ask.url.searchParams.get('blobs') === 'true';
  if (expand && (blobs || ask.url.searchParams.has('securityStatus'))) throw new Refusal(400, 'Invalid query: expand excludes blobs and securityStatus');
  const hidden = masked(repository, ask);
  const siblings = [...snapshot.files].map(([rfilename, { oid, size, lfs }]) => {
    if (!blobs) return { rfilename };
    return { rfilename, blobId: oid, size, ...(lfs ? { lfs: { sha256: hidden ? asterisks : lfs.oid, size, pointerSize: lfs.pointerSize } } : {}) };
  });
  const securityRepoStatus = repository.spec.security ?? { scansDone: true, filesWithIssues: [] };
  const fields = {
    ...{ ...fieldsOf(repository), sha: snapshot.commit, lastModified: snapshot.date, gguf: snapshot.gguf, siblings, spaces: [] },
    ...(ask.url.searchParams.get('securityStatus') === 'true' && { securityRepoStatus }),
  };
  return json(pick(fields, expand ?? Object.keys(fields).filter((name) => name !== 'trendingScore')));
}

/** A file or a folder as `/tree` and `/paths-info` list it; undefined when there is none of that path. */
function entryOf(snapshot: Snapshot, path: string, hidden: boolean, expand: boolean) {
  const more = expand
    ? {
        lastCommit: { id: snapshot.commit, title: snapshot.title, date: snapshot.date },
        securityFileStatus: { status: 'safe', avScan: { virusFound: false }, pickleImportScan: null },
      }
    : {};
  const folder = snapshot.folders.get(path);
  if (folder) return { type: 'directory', oid: folder, size: 0, path, ...(expand ? { lastCommit: more.lastCommit } : {}) };
  const file = snapshot.files.get(path);
  if (!file) return undefined;
  const lfs = file.lfs && { lfs: { ...file.lfs, oid: hidden ? asterisks : file.lfs.oid }, xetHash: hidden ? asterisks : file.xetHash };
  return { type: 'file', oid: file.oid, size: file.size, ...lfs, path, ...more };
}

/** `GET /api/models/{id}/tree/{rev}/{path?}`: folders first, then files in byte order; pages by `Link`. `base`: the absolute URL of the endpoint. */
export function tree(repository: Repository, ask: Ask, revision: string, folder: string, base: string, pageSize: number): Answer {
  const snapshot = revisionOf(repository, revision);
  if (folder !== '' && !snapshot.folders.has(folder)) throw new Refusal(404, `${folder} does not exist on "${revision}"`, 'EntryNotFound');
  const query = ask.url.searchParams;
  const inside = (path: string) => {
    if (folder !== '' && !path.startsWith(`${folder}/`)) return false;
    return query.get('recursive') === 'true' || !path.slice(folder === '' ? 0 : folder.length + 1).includes('/');
  };
  const all = [...[...snapshot.folders.keys()].filter(inside).sort(byteOrder), ...[...snapshot.files.keys()].filter(inside)];
  const limit = query.has('limit') ? Number(query.get('limit')) : pageSize;
  if (!Number.isInteger(limit) || limit < 1) throw new Refusal(400, 'Invalid limit parameter');
  const cursor = query.get('cursor');
  const start = cursor ? all.indexOf(Buffer.from(Buffer.from(cursor, 'base64').toString(), 'base64').toString()) + 1 : 0;
  if (cursor && start === 0) throw new Refusal(400, 'Invalid cursor');
  const page = all.slice(start, start + limit);
  const headers: Record<string, string> = {};
  if (start + limit < all.length) {
    const next = new URL(base + ask.url.pathname);
    for (const [name, value] of query) if (name !== 'cursor') next.searchParams.append(name, value);
    next.searchParams.set('cursor', Buffer.from(Buffer.from(page.at(-1)!).toString('base64')).toString('base64'));
    headers.Link = `<${next}>; rel="next"`;
  }
  return json(
    page.map((path) => entryOf(snapshot, path, masked(repository, ask), query.get('expand') === 'true')),
    headers,
  );
}

/** `POST /api/models/{id}/paths-info/{rev}`, JSON or form; paths that do not exist are silently left out. */
export function pathsInfo(repository: Repository, ask: Ask, revision: string): Answer {
  const snapshot = revisionOf(repository, revision);
  let paths: unknown;
  let expand: unknown;
  if (ask.headers['content-type']?.includes('application/json')) {
    try {
      ({ paths, expand } = JSON.parse(ask.body.toString()));
    } catch {
      throw new Refusal(400, 'Invalid JSON');
    }
  } else {
    const form = new URLSearchParams(ask.body.toString());
    paths = form.getAll('paths');
    expand = /^true$/i.test(form.get('expand') ?? '');
  }
  if (!Array.isArray(paths) || paths.length > 2000 || !paths.every((path) => typeof path === 'string')) throw new Refusal(400, 'Invalid paths');
  return json(paths.map((path) => entryOf(snapshot, path, masked(repository, ask), expand === true)).filter((entry) => entry !== undefined));
}

/** `GET /api/models/{id}/refs`. */
export function refs(repository: Repository): Answer {
  return json({ tags: [], branches: [{ name: 'main', ref: 'refs/heads/main', targetCommit: repository.snapshots.at(-1)?.commit }], converts: [] });
}
