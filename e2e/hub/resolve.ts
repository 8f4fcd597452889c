/** The hub hop of a download: `resolve`, `raw` and `resolve-cache` (protocol 2.4 and 3.1). */
import { gzipSync } from 'node:zlib';
import type { Cdn } from './cdn.ts';
import { type Answer, type Ask, json, Refusal, rangeOf, text } from './exchange.ts';
import { revisionOf } from './models.ts';
import type { Repository } from './repository.ts';

/** What `Content-Disposition` says for a file. */
function disposition(path: string, download: boolean): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return `${download ? 'attachment' : 'inline'}; filename*=UTF-8''${encodeURIComponent(name)}; filename="${name.replaceAll('"', '\\"')}";`;
}

/** Refuses a gated file: 401 to whoever is not logged in (or has a bad token), 403 without access. `site` is the endpoint. */
export function guard(repository: Repository, ask: Ask, site: string): void {
  if (!repository.spec.gated || ask.access === 'good') return;
  const restricted = `Access to model ${repository.id} is restricted`;
  if (ask.access === 'noAccess')
    throw new Refusal(403, `${restricted} and you are not in the authorized list. Visit ${site}/${repository.id} to ask for access.`, 'GatedRepo');
  throw new Refusal(401, `${restricted}. You must have access to it and be authenticated to access it. Please log in.`, 'GatedRepo');
}

function fileAt(repository: Repository, revision: string, path: string) {
  const { commit, files } = revisionOf(repository, revision);
  const file = files.get(path);
  if (!file) throw new Refusal(404, 'Entry not found', 'EntryNotFound', { 'X-Repo-Commit': commit });
  return { commit, file };
}

const segmented = (path: string) => path.split('/').map(encodeURIComponent).join('/');

/** `HEAD|GET /{id}/resolve/{rev}/{path}`: 302 to the signed CDN link for LFS, 307 to the same host for a small file. `site`: the endpoint; `prefix`: its path. */
export function resolve(repository: Repository, ask: Ask, revision: string, path: string, site: string, prefix: string, cdn: Cdn): Answer {
  guard(repository, ask, site);
  const { commit, file } = fileAt(repository, revision, path);
  const common = { Vary: 'Origin, Accept', 'Referrer-Policy': 'strict-origin-when-cross-origin', 'X-Repo-Commit': commit, 'Accept-Ranges': 'bytes' };
  if (!file.lfs || !file.xetHash) {
    const target = `${prefix}/api/resolve-cache/models/${repository.id}/${commit}/${segmented(path)}`;
    const location = `${target}?${encodeURIComponent(ask.url.pathname)}=&etag=${encodeURIComponent(`"${file.oid}"`)}`;
    const linked = { 'X-Linked-Size': String(file.size), 'X-Linked-ETag': `"${file.oid}"` };
    return text(`Temporary Redirect. Redirecting to ${location}`, { ...common, ...linked, Location: location }, 307);
  }
  const xet = `<${site}/api/models/${repository.id}/xet-read-token/${commit}>; rel="xet-auth", <${cdn.xet.reconstructionUrl(file.xetHash)}>; rel="xet-reconstruction-info"`;
  const linked = { 'X-Linked-Size': String(file.size), 'X-Linked-ETag': `"${file.lfs.oid}"`, 'X-Xet-Hash': file.xetHash, Link: xet };
  if (ask.headers.accept?.includes('application/vnd.xet-fileinfo+json')) {
    return json({ hash: file.xetHash }, { ...common, ...linked, 'Content-Type': 'application/vnd.xet-fileinfo+json; charset=utf-8' });
  }
  const location = cdn.sign(repository.key, file.xetHash, disposition(path, ask.url.searchParams.get('download') === 'true'));
  return text(`Found. Redirecting to ${location}`, { ...common, ...linked, Location: location }, 302);
}

/** `GET /api/resolve-cache/models/{id}/{sha}/{path}`: a small file itself; gzipped, chunked and without ranges for who accepts gzip. */
export async function resolveCache(repository: Repository, ask: Ask, commit: string, path: string, site: string): Promise<Answer> {
  guard(repository, ask, site);
  const { file } = fileAt(repository, commit, path);
  const body = await file.content.read(0, file.size);
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    ETag: `"${file.oid}"`,
    'X-Repo-Commit': commit,
    'Content-Disposition': disposition(path, false),
    'Content-Security-Policy': 'default-src none; sandbox',
  };
  const range = rangeOf(ask.headers.range, file.size);
  if (!range && /\bgzip\b/.test(String(ask.headers['accept-encoding'] ?? ''))) {
    return { status: 200, headers: { ...headers, 'Content-Encoding': 'gzip', 'Transfer-Encoding': 'chunked' }, body: gzipSync(body) };
  }
  if (range === 'unsatisfiable') return text('', { 'Content-Range': `bytes */${file.size}` }, 416);
  if (!range) return { status: 200, headers: { ...headers, 'Accept-Ranges': 'bytes' }, body };
  const part = { 'Accept-Ranges': 'bytes', 'Content-Range': `bytes ${range.start}-${range.end}/${file.size}` };
  return { status: 206, headers: { ...headers, ...part }, body: body.subarray(range.start, range.end + 1) };
}

/** `GET /{id}/raw/{rev}/{path}`: what Git holds, so the pointer of an LFS file. */
export async function raw(repository: Repository, ask: Ask, revision: string, path: string, site: string): Promise<Answer> {
  guard(repository, ask, site);
  const { commit, file } = fileAt(repository, revision, path);
  const body = file.pointer ? Buffer.from(file.pointer) : await file.content.read(0, file.size);
  return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Repo-Commit': commit, ETag: `"${file.oid}"` }, body };
}
