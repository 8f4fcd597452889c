/** For tests: a proxy on loopback that leads every name to 127.0.0.1 and remembers what passes through it. */
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export interface TestProxy {
  /** `http://127.0.0.1:<port>`. */
  address: string;
  /** Each tunnel: where it led, with which credentials, and what the client sent in it. */
  tunnels: { to: string; authorization: string | undefined; sent: string }[];
  close(): Promise<void>;
}

/** `wants`: the `user:password` without which it answers 407. */
export async function startProxy(wants?: string): Promise<TestProxy> {
  const tunnels: TestProxy['tunnels'] = [];
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (request, client) => {
    const authorization = request.headers['proxy-authorization'];
    const tunnel = { to: request.url ?? '', authorization, sent: '' };
    tunnels.push(tunnel);
    client.on('error', () => {});
    if (wants !== undefined && authorization !== `Basic ${Buffer.from(wants).toString('base64')}`) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const origin = connect(Number(tunnel.to.split(':').at(-1)), '127.0.0.1', () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    client.on('data', (bytes) => {
      tunnel.sent += bytes.toString('latin1');
    });
    client.pipe(origin).on('error', () => client.destroy());
    origin.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
