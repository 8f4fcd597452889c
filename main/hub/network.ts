/** How this process reaches the Hub: which one, with which token, through which proxy, trusting whom. */
import * as z from 'zod/mini';
import { Fault } from '../../shared/result.ts';
import type { NetworkQuestion, NetworkStatus, NetworkTest } from '../../shared/schemas/network.ts';
import type { NetworkSettings } from '../../shared/schemas/settings.ts';
import type { Log } from '../log.ts';
import type { Platform } from '../platform.ts';
import { trust } from './certificates.ts';
import { createHub, type Hub, type HubAddress } from './client.ts';
import { checkProxy, type ProxyEnv, proxyAt, proxyFor, proxyFromEnvironment, setProxy, withoutSecrets } from './proxy.ts';

export interface NetworkOptions {
  platform: Pick<Platform, 'hub' | 'secrets' | 'systemProxy'>;
  settings: { get(): { network: NetworkSettings } };
  log: Pick<Log, 'warn'>;
  env?: NodeJS.ProcessEnv;
}

export interface Network {
  /** The Hub that is meant, with its token. */
  address(): HubAddress;
  /** Obeys the settings and secrets as they are now; what cannot be is said in the log and left out. */
  apply(): Promise<void>;
  status(tokenUsedAt: number | undefined): Promise<NetworkStatus>;
  /** Keeps a token for the Hub that is meant, and for no other; null forgets it. */
  setToken(token: string | null): Promise<void>;
  setProxyPassword(password: string | null): Promise<void>;
  /** Tries one thing as it is set. Errors: network.*, hub.*. */
  test(what: NetworkQuestion, signal: AbortSignal): Promise<NetworkTest>;
}

const account = z.object({ name: z.string().check(z.minLength(1), z.maxLength(200)) });
const proxyPassword = 'proxyPassword';
/** A token is good for one Hub: a mirror chosen later must not get it. */
const tokenName = (endpoint: string): string => `token ${new URL(endpoint).origin}`;

/** The network of one core. */
export function createNetwork({ platform, settings, log, env = process.env }: NetworkOptions): Network {
  const { secrets } = platform;
  const endpoint = (): string => (settings.get().network.endpoint || platform.hub.endpoint).replace(/\/+$/, '');
  let address: HubAddress = { ...platform.hub, endpoint: endpoint(), token: undefined };
  let tokenFrom: NetworkStatus['token'] = 'none';
  let proxies: ProxyEnv = {};

  const readToken = async (): Promise<void> => {
    const at = endpoint();
    const stored = await secrets.get(tokenName(at));
    const given = new URL(at).origin === new URL(platform.hub.endpoint).origin ? platform.hub.token : undefined;
    const token = stored ?? given;
    tokenFrom = stored ? 'stored' : given ? 'environment' : 'none';
    address = { ...platform.hub, endpoint: at, token };
  };
  const readProxies = async (): Promise<ProxyEnv> => {
    const { proxy, proxyAddress } = settings.get().network;
    if (proxy === 'none' || (proxy === 'manual' && proxyAddress === '')) return {};
    if (proxy === 'manual') return proxyAt(proxyAddress, await secrets.get(proxyPassword));
    const named = proxyFromEnvironment(env);
    if (named.http_proxy || named.https_proxy) return named;
    const system = await platform.systemProxy?.(endpoint());
    return system ? { http_proxy: system, https_proxy: system } : {};
  };
  const apply = async (): Promise<void> => {
    await readToken();
    proxies = await readProxies();
    try {
      setProxy(proxies);
    } catch {
      // Its error would tell the password.
      log.warn('The proxy cannot be used');
    }
    await trust(settings.get().network.caFile).catch((error: unknown) => log.warn('The file of certificates cannot be used', { error }));
  };
  /** Asks the Hub that is meant for something small. */
  const reach = async (hub: Hub, signal: AbortSignal): Promise<void> => {
    const { body } = await hub.json('/api/models', [['limit', '1']], signal);
    if (!Array.isArray(body)) throw new Fault('hub.badAnswer', `${hub.endpoint} does not answer like the Hub.`, { endpoint: hub.endpoint });
  };

  return {
    address: () => address,
    apply,
    async status(tokenUsedAt) {
      const proxy = proxyFor(proxies, address.endpoint);
      return {
        endpoint: address.endpoint,
        token: tokenFrom,
        tokenUsedAt: tokenUsedAt === undefined ? null : new Date(tokenUsedAt).toISOString(),
        proxy: proxy === undefined ? null : withoutSecrets(proxy),
        proxyPassword: (await secrets.get(proxyPassword)) !== undefined,
        keptIn: secrets.keptIn,
      };
    },
    async setToken(token) {
      await secrets.set(tokenName(endpoint()), token ?? undefined);
      await apply();
    },
    async setProxyPassword(password) {
      await secrets.set(proxyPassword, password ?? undefined);
      await apply();
    },
    async test(what, signal) {
      await apply();
      const hub = createHub(address);
      const asked = { endpoint: hub.endpoint };
      if (what === 'hub') {
        // Whether the Hub answers must not depend on the token.
        await reach(createHub({ ...address, token: undefined }), signal);
        return { what, ...asked };
      }
      if (what === 'token') {
        if (!address.token) throw new Fault('network.noToken', 'No access token is set.');
        const { body } = await hub.json('/api/whoami-v2', [], signal);
        const { data } = account.safeParse(body);
        if (!data) throw new Fault('hub.badAnswer', `${hub.endpoint} does not answer like the Hub.`, asked);
        return { what, name: data.name };
      }
      if (what === 'certificates') {
        const count = await trust(settings.get().network.caFile);
        await reach(hub, signal);
        return { what, count, ...asked };
      }
      const proxy = proxyFor(proxies, hub.endpoint);
      if (proxy !== undefined) await checkProxy(proxy, hub.endpoint, signal);
      await reach(hub, signal);
      return { what, proxy: proxy === undefined ? null : withoutSecrets(proxy), ...asked };
    },
  };
}
