/** Where an answer of the Hub may lead: its own hosts and those that were allowed, never down to plain HTTP. */
import { Fault } from '../../shared/result.ts';

/** The Hub in use. */
export interface HubAddress {
  /** May have a path prefix. */
  endpoint: string;
  /** Hosts (`name` or `name:port`) that redirects may lead to, besides Hugging Face's own and the endpoint's. */
  redirectHosts: string[];
  token: string | undefined;
  /** Ask nobody: every question ends in `hub.offline`. */
  offline?: boolean;
}

/** The target of a `Location` seen at `from`, checked. Throws `hub.refusedRedirect` (protocol 3.4). */
export function redirectTarget(location: string, from: URL, address: HubAddress): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!target) throw refused(location);
  checkTarget(target, from, address);
  return target;
}

/** Throws `hub.refusedRedirect` unless `target`, linked from `from`, is a place that files may come from. */
export function checkTarget(target: URL, from: URL, { endpoint, redirectHosts }: HubAddress): void {
  const home = new URL(endpoint);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') throw refused(target.protocol);
  if (target.username || target.password) throw refused(target.host);
  if (target.origin === home.origin) return;
  if (from.protocol === 'https:' && target.protocol === 'http:') throw refused(target.host);
  if (isPrivate(target.hostname) && !isLoopback(home.hostname)) throw refused(target.host);
  const known = /(?:^|\.)(?:hf\.co|huggingface\.co)$/.test(target.hostname);
  if (!known && !redirectHosts.includes(target.hostname) && !redirectHosts.includes(target.host)) throw refused(target.host);
}

const refused = (host: string): Fault => new Fault('hub.refusedRedirect', `The Hub's answer leads to ${host}, which is not allowed.`, { host });

const isLoopback = (hostname: string): boolean => /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);

const isPrivate = (hostname: string): boolean =>
  isLoopback(hostname) || /^(?:0|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\.[\d.]+$|^\[(?:::|f[cde])|\.(?:local|internal|lan)$/.test(hostname);
