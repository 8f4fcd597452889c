/** The way to the Hub: proxies, tokens and certificates, against servers on loopback that remember all they see. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../e2e/hub/content.ts';
import { goodToken } from '../../e2e/hub/exchange.ts';
import { type Hub as StandIn, startHub } from '../../e2e/hub/start.ts';
import { defaultNetworkSettings, type NetworkSettings, networkSettings } from '../../shared/schemas/settings.ts';
import { openSecrets } from '../secrets.ts';
import { trust } from './certificates.ts';
import { createHub } from './client.ts';
import { createNetwork, type Network } from './network.ts';
import { proxyFor, proxyFromEnvironment, setProxy } from './proxy.ts';
import { createAuthority, type SecureServer } from './testAuthority.ts';
import { startProxy, type TestProxy } from './testProxy.ts';

const never = new AbortController().signal;
let folder: string;
let standIn: StandIn;
let proxy: TestProxy | undefined;
let set: NetworkSettings;
let warnings: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'atelier-network-'));
  standIn = await startHub({ repositories: [{ repo: 'ada/Tiny-GGUF', files: { 'a.gguf': seeded('a', 1000) } }] });
  set = defaultNetworkSettings;
  warnings = [];
});
afterEach(async () => {
  setProxy({});
  await trust('');
  await standIn.close();
  await proxy?.close();
  proxy = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function network(env: NodeJS.ProcessEnv = {}, hub: { endpoint?: string; token?: string } = {}): Network {
  return createNetwork({
    platform: {
      hub: { endpoint: standIn.endpoint, redirectHosts: [], token: undefined, ...hub },
      secrets: openSecrets(join(folder, 'secrets.json')),
      systemProxy: async (url) => (url.startsWith('http://desktop.test') ? proxy?.address : undefined),
    },
    settings: { get: () => ({ network: set }) },
    log: { warn: (message) => void warnings.push(message) },
    env,
  });
}
/** The stand-in under a name that only the proxy knows. */
const named = (host = 'hub.test'): string => standIn.endpoint.replace('127.0.0.1', host);
const port = (): string => new URL(standIn.endpoint).port;
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a proxy', () => {
  test('is asked for the Hub with its password, and neither it nor other hosts see what is not theirs', async () => {
    proxy = await startProxy('ada:pass word');
    set = { ...set, proxy: 'manual', proxyAddress: proxy.address.replace('//', '//ada@'), endpoint: named() };
    const net = network();
    await net.setToken(goodToken);
    await expect(net.test('proxy', never)).rejects.toEqual(expect.objectContaining({ code: 'network.proxy', data: { proxy: proxy.address, status: 407 } }));
    await expect(createHub(net.address()).json('/api/models', [], never)).rejects.toEqual(code('network.proxy'));
    expect(standIn.log).toEqual([]);

    await net.setProxyPassword('pass word');
    expect(await net.test('proxy', never)).toEqual({ what: 'proxy', proxy: proxy.address, endpoint: named() });
    expect(await net.test('token', never)).toEqual({ what: 'token', name: 'ada' });
    const cdn = `http://us.hf.co:${standIn.redirectHosts[0]!.split(':')[1]}`;
    // As pages and as downloads ask.
    for (const how of [{}, { range: { start: 0, end: 9 }, lend: true }]) {
      const { body } = await createHub(net.address()).get(`${cdn}/x`, { ...how, signal: never });
      await body?.cancel();
    }

    const toCdn = proxy.tunnels.filter(({ to }) => to.startsWith('us.hf.co'));
    expect(toCdn.map(({ sent }) => sent.match(/GET \/x/g)?.length ?? 0).reduce((sum, n) => sum + n)).toBe(2);
    expect(toCdn.map(({ sent }) => sent).join()).not.toMatch(/authorization|hf_/i);
    expect(proxy.tunnels.filter(({ to, sent }) => sent.includes(goodToken) && to !== `hub.test:${port()}`)).toEqual([]);
    expect(standIn.log.filter(({ headers }) => headers['proxy-authorization'])).toEqual([]);
    const status = await net.status(undefined);
    expect(status).toMatchObject({ proxy: proxy.address, proxyPassword: true, token: 'stored' });
    expect(JSON.stringify(status)).not.toMatch(/pass word|hf_good/);
  });

  test('that is not there is said to be the proxy, not the Hub', async () => {
    set = { ...set, proxy: 'manual', proxyAddress: 'http://127.0.0.1:9', endpoint: named() };
    const net = network();
    await expect(net.test('proxy', never)).rejects.toEqual(expect.objectContaining({ code: 'network.proxy', data: { proxy: 'http://127.0.0.1:9' } }));
    await expect(net.test('hub', never)).rejects.toEqual(code('hub.unreachable'));
  });

  test('of the environment counts unless none is wanted; what it leaves out and this computer are asked directly', async () => {
    proxy = await startProxy();
    const env = { HTTP_PROXY: proxy.address, no_proxy: 'other.test' };
    set = { ...set, endpoint: named() };
    const net = network(env);
    expect(await net.test('hub', never)).toEqual({ what: 'hub', endpoint: named() });
    expect(proxy.tunnels).toHaveLength(1);
    set = { ...set, endpoint: standIn.endpoint };
    expect(await net.test('proxy', never)).toMatchObject({ proxy: null });
    set = { ...set, endpoint: named('other.test') };
    await expect(net.test('hub', never)).rejects.toEqual(code('hub.unreachable'));
    set = { ...set, endpoint: named(), proxy: 'none' };
    await expect(net.test('hub', never)).rejects.toEqual(code('hub.unreachable'));
    expect(proxy.tunnels).toHaveLength(1);
  });

  test('of the desktop counts where the environment names none', async () => {
    proxy = await startProxy();
    set = { ...set, endpoint: named('desktop.test') };
    expect(await network().test('proxy', never)).toMatchObject({ proxy: proxy.address });
  });

  test.each([
    ['https://huggingface.co', { https_proxy: 'http://p' }, 'http://p'],
    ['http://huggingface.co', { https_proxy: 'http://p' }, undefined],
    ['https://huggingface.co', { https_proxy: 'http://p', no_proxy: 'example.org, .huggingface.co' }, undefined],
    ['https://huggingface.co', { https_proxy: 'http://p', no_proxy: 'face.co' }, 'http://p'],
    ['https://huggingface.co', { https_proxy: 'http://p', no_proxy: 'huggingface.co:8443' }, 'http://p'],
    ['https://huggingface.co', { https_proxy: 'http://p', no_proxy: '*' }, undefined],
    ['https://localhost', { https_proxy: 'http://p' }, undefined],
    ['https://huggingface.co', proxyFromEnvironment({ HTTPS_PROXY: 'ada:secret@proxy:3128' }), 'http://ada:secret@proxy:3128'],
    ['https://huggingface.co', proxyFromEnvironment({ ALL_PROXY: 'socks5://proxy:1080' }), undefined],
    ['https://huggingface.co', proxyFromEnvironment({ ALL_PROXY: 'http://q', HTTPS_PROXY: '' }), 'http://q'],
  ])('for %s with %j is %s', (endpoint, env, expected) => {
    expect(proxyFor(env, endpoint)).toBe(expected);
  });

  test('its password is no part of the settings', () => {
    expect(networkSettings.safeParse({ proxyAddress: 'http://ada:secret@proxy:3128' }).success).toBe(false);
    expect(networkSettings.safeParse({ proxyAddress: 'http://ada@proxy:3128' }).success).toBe(true);
    expect(networkSettings.safeParse({ proxyAddress: 'socks5://proxy:1080' }).success).toBe(false);
    expect(networkSettings.safeParse({ endpoint: 'https://hf-mirror.com/models' }).success).toBe(true);
    expect(networkSettings.safeParse({ endpoint: 'hf-mirror.com' }).success).toBe(false);
  });
});

describe('a token', () => {
  test('belongs to the Hub that it was given for', async () => {
    const net = network();
    await net.setToken(goodToken);
    expect(await net.test('token', never)).toEqual({ what: 'token', name: 'ada' });
    const other = await startHub({ repositories: [] });
    try {
      set = { ...set, endpoint: other.endpoint };
      await expect(net.test('token', never)).rejects.toEqual(code('network.noToken'));
      await net.test('hub', never);
      expect(other.log.map(({ headers }) => headers.authorization)).toEqual([undefined]);
      set = { ...set, endpoint: '' };
      expect(await net.status(undefined)).toMatchObject({ token: 'none' });
      expect(await net.test('token', never)).toMatchObject({ name: 'ada' });
      await net.setToken(null);
      await expect(net.test('token', never)).rejects.toEqual(code('network.noToken'));
    } finally {
      await other.close();
    }
  });

  test('of the environment is for its Hub; one that was given comes first', async () => {
    const net = network({}, { token: `hf_noaccess${'A'.repeat(28)}` });
    expect(await net.test('token', never)).toEqual({ what: 'token', name: 'charles' });
    expect(await net.status(undefined)).toMatchObject({ token: 'environment' });
    await net.setToken(goodToken);
    expect(await net.test('token', never)).toEqual({ what: 'token', name: 'ada' });
    await net.setToken(null);
    set = { ...set, endpoint: 'https://elsewhere.test' };
    await net.apply();
    expect(net.address().token).toBeUndefined();
  });

  test('that the Hub does not know is said to be wrong', async () => {
    const net = network();
    await net.setToken('hf_wrong');
    await expect(net.test('token', never)).rejects.toEqual(code('hub.unauthorized'));
    expect(await net.test('hub', never)).toMatchObject({ what: 'hub' });
  });

  test('is said to be used when a request carried it', async () => {
    const net = network();
    await net.setToken(goodToken);
    const hub = createHub(net.address());
    expect(hub.tokenUsedAt).toBeUndefined();
    await hub.json('/api/models', [], never);
    const { tokenUsedAt } = await net.status(hub.tokenUsedAt);
    expect(Math.abs(Date.parse(tokenUsedAt!) - Date.now())).toBeLessThan(60_000);
  });
});

describe('certificates', () => {
  let server: SecureServer | undefined;
  afterEach(() => server?.close());

  test('of a company are trusted once its file is chosen, and no longer when it is not', async ({ skip }) => {
    const authority = createAuthority(folder) ?? skip('making a certificate needs openssl');
    server = await authority.serve((_, response) => response.writeHead(200, { Connection: 'close' }).end('[]'));
    set = { ...set, endpoint: server.origin };
    const net = network();
    await expect(net.test('hub', never)).rejects.toEqual(expect.objectContaining({ code: 'network.certificate', data: { endpoint: set.endpoint } }));
    set = { ...set, caFile: authority.file };
    expect(await net.test('certificates', never)).toEqual({ what: 'certificates', count: 1, endpoint: set.endpoint });
    set = { ...set, caFile: '' };
    await expect(net.test('hub', never)).rejects.toEqual(code('network.certificate'));
  });

  test.each([
    ['is not there', undefined],
    ['holds none', 'hello'],
    ['holds nonsense', '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n'],
  ])('a file that %s is refused by name, and the rest goes on', async (_, text) => {
    const file = join(folder, 'company.pem');
    if (text !== undefined) writeFileSync(file, text);
    set = { ...set, caFile: file };
    const net = network();
    await expect(net.test('certificates', never)).rejects.toEqual(expect.objectContaining({ code: 'network.caFile', data: { file } }));
    expect(warnings).toHaveLength(1);
    expect(await net.test('hub', never)).toMatchObject({ what: 'hub' });
  });
});
