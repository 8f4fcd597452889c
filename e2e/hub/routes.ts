/** Which path of the stand-in Hub is answered by what (protocol 6.1). */
import type { Cdn } from './cdn.ts';
import { type Answer, type Ask, json, Refusal, text } from './exchange.ts';
import { details, pathsInfo, refs, revisionOf, tree } from './models.ts';
import type { Repository } from './repository.ts';
import { guard, raw, resolve, resolveCache } from './resolve.ts';
import { search } from './search.ts';

export type Site = {
  repositories: Map<string, Repository>;
  /** The absolute URL of the hub with its prefix. */
  endpoint: string;
  prefix: string;
  cdn: Cdn;
  treePage: number;
};

const badToken = () =>
  new Refusal(401, 'Invalid credentials in Authorization header', undefined, { 'WWW-Authenticate': 'Bearer realm="Authentication required", charset="UTF-8"' });

/** Answers one request to the hub. Throws a `Refusal` for what the Hub refuses. */
export async function route(site: Site, ask: Ask): Promise<Answer> {
  const [first, second, third, fourth, fifth, sixth, ...rest] = ask.segments;
  if (first === 'api') {
    if (second === 'whoami-v2') return whoami(ask);
    if (second === 'resolve-cache' && third === 'models')
      return resolveCache(open(site, ask, `${fourth}/${fifth}`), ask, sixth ?? '', rest.join('/'), site.endpoint);
    if (second !== 'models') throw new Refusal(404, 'Not Found');
    if (ask.access === 'invalid') throw badToken();
    if (third === undefined) return search([...site.repositories.values()], ask, site.endpoint);
    const moved = renamed(site, ask, `${third}/${fourth}`);
    if (moved) return moved;
    const repository = open(site, ask, `${third}/${fourth}`);
    if (fifth === undefined) return details(repository, ask);
    if (fifth === 'revision') return details(repository, ask, sixth);
    if (fifth === 'tree') return tree(repository, ask, sixth ?? 'main', rest.join('/'), site.endpoint, site.treePage);
    if (fifth === 'paths-info' && ask.method === 'POST') return pathsInfo(repository, ask, sixth ?? 'main');
    if (fifth === 'refs') return refs(repository);
    if (fifth === 'xet-read-token') return xetToken(site, ask, repository, sixth ?? 'main');
    if (fifth === 'lfs-files') throw new Refusal(401, 'Invalid username or password.');
    throw new Refusal(404, 'Not Found');
  }
  const id = `${first}/${second}`;
  const moved = renamed(site, ask, id);
  if (moved) return moved;
  const repository = open(site, ask, id);
  const path = [fifth, sixth, ...rest].filter((part) => part !== undefined).join('/');
  if (third === 'resolve' && fourth) return resolve(repository, ask, fourth, path, site.endpoint, site.prefix, site.cdn);
  if (third === 'raw' && fourth) return raw(repository, ask, fourth, path, site.endpoint);
  if (third === undefined) return text(`<!doctype html><title>${repository.id}</title>`, { 'Content-Type': 'text/html; charset=utf-8' });
  throw new Refusal(404, 'Not Found');
}

/** The repository, or the Hub's way to say that there is none for this visitor. */
function open(site: Site, ask: Ask, id: string): Repository {
  const repository = site.repositories.get(id);
  if (!repository || (repository.spec.private && ask.access !== 'good')) {
    if (ask.access === 'invalid') throw badToken();
    if (ask.access === 'anonymous') throw new Refusal(401, 'Invalid username or password.');
    throw new Refusal(404, 'Repository not found', 'RepoNotFound');
  }
  if (ask.access === 'invalid' && !repository.spec.gated) throw badToken();
  if (repository.spec.disabled) throw new Refusal(403, 'Access to this resource is disabled.');
  return repository;
}

/** A 307 on the same host for a repository that had this name before. */
function renamed(site: Site, ask: Ask, id: string): Answer | undefined {
  for (const repository of site.repositories.values()) {
    if (!repository.spec.formerly?.includes(id)) continue;
    const location = site.prefix + ask.url.pathname.replace(`/${id}`, `/${repository.id}`) + ask.url.search;
    return text(`Temporary Redirect. Redirecting to ${location}`, { Location: location }, 307);
  }
  return undefined;
}

function whoami(ask: Ask): Answer {
  if (ask.access === 'anonymous') throw new Refusal(401, 'Invalid username or password.');
  if (ask.access === 'invalid') throw badToken();
  const name = ask.access === 'good' ? 'ada' : 'charles';
  return json({ type: 'user', name, fullname: name, auth: { type: 'access_token', accessToken: { displayName: 'atelier', role: 'read' } } });
}

/** Lets a client go the Xet way; the log tells who did. */
function xetToken(site: Site, ask: Ask, repository: Repository, revision: string): Answer {
  guard(repository, ask, site.endpoint);
  const { commit } = revisionOf(repository, revision);
  const token = site.cdn.xet.token();
  return json(token, { 'X-Xet-Cas-Url': token.casUrl, 'X-Repo-Commit': commit });
}
