/** app://bundle: the renderer's files and the pictures, contained, read-only and typed. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { CustomScheme } from 'electron';
import { contentSecurityPolicy, pageFile } from '../shared/page.ts';

export const appOrigin = 'app://bundle';

/** To be registered once, before ready. */
export const appScheme: CustomScheme = { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true } };

export interface AppFiles {
  /** The built renderer. */
  files: string;
  /** A stored picture; rejects where there is none. */
  find(sha256: string): Promise<{ path: string; type: string; size: number }>;
}

/** Answers GET and HEAD for `app://bundle/`; anything else, and any path that leads outside, is refused. */
export function serveApp({ files, find }: AppFiles): (request: Request) => Promise<Response> {
  const headers = { 'Content-Security-Policy': contentSecurityPolicy, 'X-Content-Type-Options': 'nosniff' };
  const refuse = (status: number): Response => new Response(null, { status, headers });

  return async (request) => {
    const { host, pathname } = new URL(request.url);
    if (host !== 'bundle') return refuse(404);
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405);
    const blob = /^\/blobs\/([0-9a-f]{64})$/.exec(pathname);
    if (blob) {
      const found = await find(blob[1]!).catch(() => undefined);
      if (!found) return refuse(404);
      const body = request.method === 'HEAD' ? null : (Readable.toWeb(createReadStream(found.path)) as ReadableStream);
      return new Response(body, {
        headers: { ...headers, 'Content-Type': found.type, 'Content-Length': String(found.size), 'Cache-Control': 'max-age=31536000, immutable' },
      });
    }
    const wanted = pageFile(pathname);
    const bytes = wanted && (await readFile(path.join(files, wanted.file)).catch(() => undefined));
    return bytes ? new Response(request.method === 'HEAD' ? null : bytes, { headers: { ...headers, 'Content-Type': wanted.type } }) : refuse(404);
  };
}
