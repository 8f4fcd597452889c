/** Entry of the headless shell: the app in a browser, served on loopback. */
import type { Server } from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { serve } from '@hono/node-server';
import { Fault } from '../../shared/result.ts';
import { createCore } from '../core.ts';
import { createHttp } from './http.ts';
import { createServerPlatform, openBrowser } from './platform.ts';
import { serveSockets } from './socket.ts';
import { readToken } from './token.ts';

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: process.env.PORT ?? '0' },
    host: { type: 'string', default: '127.0.0.1' },
    sample: { type: 'boolean', default: false },
    open: { type: 'boolean', default: false },
    headless: { type: 'boolean', default: false },
  },
});

const root = path.resolve(import.meta.dirname, '../..');
const { platform, core } = await start().catch((error: unknown) => {
  // What is known has a sentence; the rest is for whoever mends it.
  console.error(error instanceof Fault ? error.message : error);
  process.exit(1);
});
if (values.sample) await core.handlers['hub.useSample']({ sample: true }, { signal: new AbortController().signal });

const token = readToken(platform.folders.data);
let port = Number(values.port);
const http = createHttp({ files: path.join(root, 'dist/renderer'), blobs: core.blobs, token, port: () => port });
const server = serve({ fetch: http.fetch, port, hostname: values.host }, (address) => {
  port = address.port;
  const url = `http://${values.host}:${port}/?token=${token}`;
  console.log(`Atelier is ready: ${url}`);
  if (values.open) openBrowser(url);
}) as Server;
server.on('error', (error: NodeJS.ErrnoException) => {
  console.error(error.code === 'EADDRINUSE' ? `Port ${port} is taken by another program. Choose another with --port N.` : error.message);
  process.exit(1);
});
serveSockets(server, core.handlers, { token, port: () => port, onError: (error, method) => core.log.error('A request failed', { method, error }) });

async function start() {
  const platform = createServerPlatform(root, process.env.npm_package_version ?? '0.1.0');
  return { platform, core: await createCore(platform) };
}

let closing = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (closing) process.exit(1);
    closing = true;
    void core.close().finally(() => process.exit(0));
  });
}
