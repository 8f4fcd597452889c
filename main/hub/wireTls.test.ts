/** Downloads over our own socket and TLS: who is believed, and who gets to see the token. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { trust } from './certificates.ts';
import { createHub } from './client.ts';
import { createAuthority, type SecureServer, type TestAuthority } from './testAuthority.ts';

const signal = AbortSignal.timeout(20_000);
const content = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
const token = 'hf_secretOfThisPerson';
let folder: string;
let authority: TestAuthority | undefined;
let servers: SecureServer[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'atelier-tls-'));
  authority = createAuthority(folder);
});
beforeEach(({ skip }) => {
  if (!authority) skip('making a certificate needs openssl');
});
afterEach(async () => {
  await trust('');
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Answers ranges of the content, and what lies below `/away` by a redirect to `elsewhere`. */
async function serve(name?: string, elsewhere = ''): Promise<SecureServer> {
  const server = await authority!.serve(({ url, headers }, response) => {
    const [, start, end] = /bytes=(\d+)-(\d+)/.exec(headers.range ?? '') ?? [];
    if (url?.startsWith('/away')) response.writeHead(302, { Location: elsewhere }).end();
    else {
      const body = content.subarray(Number(start), Number(end) + 1);
      response.writeHead(206, { 'Content-Range': `bytes ${start}-${end}/${content.length}`, 'Content-Length': body.length }).end(body);
    }
  }, name);
  servers.push(server);
  return server;
}
/** As a download asks. */
async function read(hub: ReturnType<typeof createHub>, url: string, start: number, end: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const { body } = await hub.get(url, { range: { start, end: end - 1 }, lend: true, signal });
  for await (const piece of body ?? []) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
const hubAt = (server: SecureServer, ...redirects: SecureServer[]) =>
  createHub({ endpoint: server.origin, redirectHosts: redirects.map(({ origin }) => new URL(origin).host), token });
const refused = expect.objectContaining({ code: 'network.certificate' });

test('a certificate is believed once the authority behind it is, and no longer when it is not; its connection is used again', async () => {
  const server = await serve();
  await expect(read(hubAt(server), `${server.origin}/file`, 0, 10)).rejects.toEqual(refused);
  expect(server.log).toEqual([]);

  await trust(authority!.file);
  const before = server.connections();
  const hub = hubAt(server);
  expect(await read(hub, `${server.origin}/file`, 0, 600)).toEqual(content.subarray(0, 600));
  expect(await read(hub, `${server.origin}/file`, 600, 1000)).toEqual(content.subarray(600));
  expect(server.connections() - before).toBe(1);

  await trust('');
  const other = await serve();
  await expect(read(hubAt(other), `${other.origin}/file`, 0, 10)).rejects.toEqual(refused);
  expect(other.log).toEqual([]);
});

test.each([
  ['another name', 'hub.test', (origin: string) => origin],
  ['a name, where an address is asked', 'localhost', (origin: string) => origin.replace('localhost', '127.0.0.1')],
])('a certificate for %s is refused although its authority is trusted', async (_, name, at) => {
  await trust(authority!.file);
  const server = await serve(name);
  const origin = at(server.origin);
  await expect(read(createHub({ endpoint: origin, redirectHosts: [], token }), `${origin}/file`, 0, 10)).rejects.toEqual(refused);
  expect(server.log).toEqual([]);
});

test('the token goes to the Hub and to no other host, asked directly or by a redirect', async () => {
  await trust(authority!.file);
  const cdn = await serve();
  const server = await serve('localhost', `${cdn.origin}/signed`);
  const hub = hubAt(server, cdn);
  expect(await read(hub, `${cdn.origin}/direct`, 0, 10)).toEqual(content.subarray(0, 10));
  expect(await read(hub, `${server.origin}/away`, 10, 20)).toEqual(content.subarray(10, 20));
  expect(server.log.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${token}`]);
  expect(cdn.log.map(({ url, headers }) => [url, headers.range])).toEqual([
    ['/direct', 'bytes=0-9'],
    ['/signed', 'bytes=10-19'],
  ]);
  expect(JSON.stringify(cdn.log)).not.toContain(token);
});

test('a redirect down to plain HTTP is not followed', async () => {
  await trust(authority!.file);
  const server = await serve('localhost', 'http://localhost:9/signed');
  const hub = createHub({ endpoint: server.origin, redirectHosts: ['localhost:9'], token });
  await expect(read(hub, `${server.origin}/away`, 0, 10)).rejects.toMatchObject({ code: 'hub.refusedRedirect' });
});
