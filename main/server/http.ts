/** Serves the renderer's files and the blobs to whoever shows the token. */
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { contentSecurityPolicy, pageFile } from '../../shared/page.ts';
import type { Blobs } from '../blobs/store.ts';
import { cookieName, readCookie, sameToken } from './token.ts';

/** Host names that a page of ours may be reached under: another one means DNS rebinding. */
export function ownHost(host: string | undefined, port: number): boolean {
  return host !== undefined && [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`].includes(host.toLowerCase());
}

const refusal = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Atelier</title><p>Open Atelier with the address that it printed when it started: it holds the key to this page.</p></html>`;

export interface HttpOptions {
  /** The built renderer. */
  files: string;
  blobs: Blobs;
  token: string;
  /** Known once it listens. */
  port: () => number;
}

/** The HTTP side of the headless shell: GET and HEAD only. */
export function createHttp({ files, blobs, token, port }: HttpOptions): Hono {
  const app = new Hono();

  app.use(async (context, next) => {
    const headers = context.res.headers;
    headers.set('Content-Security-Policy', contentSecurityPolicy);
    headers.set('X-Content-Type-Options', 'nosniff');
    headers.set('Referrer-Policy', 'no-referrer');
    headers.set('Cross-Origin-Opener-Policy', 'same-origin');
    headers.set('Cross-Origin-Resource-Policy', 'same-origin');
    if (!ownHost(context.req.header('host'), port())) return context.text('Unknown host', 421);
    const given = context.req.query('token');
    if (given !== undefined && context.req.path === '/') {
      if (!sameToken(given, token)) return context.html(refusal, 401);
      context.header('Set-Cookie', `${cookieName(port())}=${token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000`);
      return context.redirect('/');
    }
    if (!sameToken(readCookie(context.req.header('cookie'), cookieName(port())), token)) return context.html(refusal, 401);
    await next();
  });

  app.get('/blobs/:sha256{[0-9a-f]{64}}', async (context) => {
    const blob = await blobs.find(context.req.param('sha256')).catch(() => undefined);
    if (!blob) return context.notFound();
    context.header('Content-Type', blob.type);
    context.header('Content-Length', String(blob.size));
    context.header('Cache-Control', 'private, max-age=31536000, immutable');
    return context.body(Readable.toWeb(fs.createReadStream(blob.path)) as ReadableStream);
  });

  app.get('*', async (context) => {
    const wanted = pageFile(context.req.path);
    const body = wanted && (await fs.promises.readFile(path.join(files, wanted.file)).catch(() => undefined));
    if (!body) return context.notFound();
    context.header('Content-Type', wanted.type);
    context.header('Cache-Control', wanted.file.startsWith('assets/') ? 'private, max-age=31536000, immutable' : 'no-cache');
    return context.body(body);
  });

  return app;
}
