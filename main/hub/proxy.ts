/** The proxy that the process's requests go through, and whether it lets us. */
import { request, setGlobalProxyFromEnv } from 'node:http';
import { request as secureRequest } from 'node:https';
import { Fault } from '../../shared/result.ts';

/** Never through a proxy: what listens on this computer. */
const here = 'localhost,127.0.0.1,::1,[::1]';

/** Variables that name a proxy, in the form that Node reads. */
export type ProxyEnv = { http_proxy?: string; https_proxy?: string; no_proxy?: string };

/** The proxy variables of the environment, in either case; `host:port` alone is an HTTP proxy. What Node cannot use (SOCKS) is left out. */
export function proxyFromEnvironment(env: NodeJS.ProcessEnv): ProxyEnv {
  const named = (name: string): string | undefined => env[name] || env[name.toUpperCase()] || undefined;
  const proxy = (text: string | undefined): string | undefined => {
    const address = text && !text.includes('://') ? `http://${text}` : text;
    return address && /^https?:/.test(address) && URL.canParse(address) ? address : undefined;
  };
  const http = proxy(named('http_proxy'));
  const https = proxy(named('https_proxy') ?? named('all_proxy'));
  const not = named('no_proxy');
  return { ...(http && { http_proxy: http }), ...(https && { https_proxy: https }), ...(not && { no_proxy: not }) };
}

/** One proxy for everything. `password` joins the address's user. */
export function proxyAt(address: string, password?: string): ProxyEnv {
  const url = new URL(address);
  if (password && url.username) url.password = password;
  return { http_proxy: url.href, https_proxy: url.href };
}

/** The address of the proxy that `endpoint` is asked through, with its secrets; undefined: none. */
export function proxyFor(env: ProxyEnv, endpoint: string): string | undefined {
  const { protocol, hostname, port } = new URL(endpoint);
  const proxy = protocol === 'https:' ? env.https_proxy : env.http_proxy;
  const direct = `${here},${env.no_proxy ?? ''}`
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      const [, name = '', only] = /^(?:\*?\.)?(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (only !== undefined && only !== (port || (protocol === 'https:' ? '443' : '80'))) return false;
      return entry === '*' || entry === hostname || hostname === name || hostname.endsWith(`.${name}`);
    });
  return direct ? undefined : proxy;
}

/** The address without user and password. */
export const withoutSecrets = (address: string): string => {
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}`;
};

let restore: (() => void) | undefined;
let inForce: ProxyEnv | undefined;

/** Sends the requests of this process through the proxies of `env`, or through none; new connections only. */
export function setProxy(env: ProxyEnv): void {
  restore?.();
  restore = undefined;
  inForce = env;
  const none = !env.http_proxy && !env.https_proxy;
  if (none && !process.env.NODE_USE_ENV_PROXY) return;
  // With that variable Node has a proxy of its own, and no proxy means none.
  const nowhere = 'http://127.0.0.1:9';
  restore = setGlobalProxyFromEnv(
    none ? { http_proxy: nowhere, https_proxy: nowhere, no_proxy: '*' } : { ...env, no_proxy: [here, env.no_proxy].filter(Boolean).join(',') },
  );
}

/** No proxy lies before `url`, as requests go now. */
export const isDirect = (url: URL): boolean => (inForce ? proxyFor(inForce, url.href) === undefined : !process.env.NODE_USE_ENV_PROXY);

/** Asks `proxy` for a way to the host of `endpoint`. Errors: network.proxy, with the status where it refuses. */
export async function checkProxy(proxy: string, endpoint: string, signal: AbortSignal): Promise<void> {
  const { protocol, hostname, port, username, password } = new URL(proxy);
  const target = new URL(endpoint);
  const named = { proxy: withoutSecrets(proxy) };
  const authority = `${target.hostname}:${target.port || (target.protocol === 'https:' ? 443 : 80)}`;
  const credentials = username && `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;
  await new Promise<void>((resolve, reject) => {
    const ask = (protocol === 'https:' ? secureRequest : request)({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port || (protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      headers: { Host: authority, ...(credentials && { 'Proxy-Authorization': credentials }) },
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
    const refused = (status?: number): void => {
      ask.destroy();
      reject(new Fault('network.proxy', `The proxy refuses${status ? ` (${status})` : ''}.`, { ...named, ...(status && { status }) }));
    };
    ask.once('connect', ({ statusCode }, socket) => {
      socket.destroy();
      if (statusCode === 200) resolve();
      else refused(statusCode);
    });
    ask.once('response', ({ statusCode }) => refused(statusCode));
    ask.once('error', (error) => reject(new Fault('network.proxy', 'The proxy cannot be reached.', named, error)));
    ask.end();
  });
}
