/** The Xet way to the same bytes (protocol 3.6), so that the official client works as it comes and nobody is sent off this machine. */
import { createHash, randomBytes } from 'node:crypto';
import type { Content } from './content.ts';
import { type Answer, type Ask, json, rangeOf, text } from './exchange.ts';

/** Bytes of a file in one block, and of a block in one chunk. Real ones are cut by content and compressed; ours are equal and stored plain. */
const blockSize = 4 << 20;
const chunkSize = 64 << 10;
const chunkHeader = 8;

export type Xet = {
  /** What `xet-read-token` gives. */
  token(): { accessToken: string; exp: number; casUrl: string };
  /** Where a file's reconstruction is asked for; the Hub's `Link` names version 1, which clients turn into 2. */
  reconstructionUrl(hash: string): string;
  /** `GET /v2/reconstructions/{hash}`: which blocks hold the asked range. */
  reconstruct(ask: Ask): Answer;
  /** The body of a block: chunks, each behind its header. */
  block(ask: Ask, content: Content, index: number): Promise<Answer>;
};

/** `find` gives repository key and content of a hash, `link` signs a path, `now` is in ms. */
export function createXet(
  origin: string,
  find: (hash: string) => { key: string; content: Content } | undefined,
  link: (pathname: string) => string,
  now: () => number,
): Xet {
  const tokens = new Map<string, number>();
  return {
    token() {
      const [accessToken, exp] = [randomBytes(24).toString('base64url'), Math.floor(now() / 1000) + 3600];
      tokens.set(accessToken, exp);
      return { accessToken, exp, casUrl: origin };
    },
    reconstructionUrl: (hash) => `${origin}/v1/reconstructions/${hash}`,
    reconstruct(ask) {
      const exp = tokens.get(ask.headers.authorization?.replace('Bearer ', '') ?? '');
      if (exp === undefined || exp < now() / 1000) return text('Unauthorized', {}, 401);
      const [, version, , hash = ''] = ask.url.pathname.split('/');
      const found = find(hash);
      if (version !== 'v2' || !found) return text('Not found', {}, 404);
      const { key, content } = found;
      const range = rangeOf(ask.headers.range, content.size) ?? { start: 0, end: content.size - 1 };
      if (range === 'unsatisfiable') return text('Range not satisfiable', {}, 416);
      const first = Math.floor(range.start / blockSize);
      const blocks = Array.from({ length: Math.floor(range.end / blockSize) - first + 1 }, (_, i) => {
        const index = first + i;
        const length = Math.min(blockSize, content.size - index * blockSize);
        const chunks = { start: 0, end: Math.ceil(length / chunkSize) };
        const name = createHash('sha256').update(`${hash}:${index}`).digest('hex');
        const bytes = { start: 0, end: length + chunks.end * chunkHeader - 1 };
        const xorb = [{ url: link(`/xorbs/${key}/${hash}/${index}`), ranges: [{ chunks, bytes }] }];
        return { term: { hash: name, unpacked_length: length, range: chunks }, xorb };
      });
      return json({
        offset_into_first_range: range.start - first * blockSize,
        terms: blocks.map(({ term }) => term),
        xorbs: Object.fromEntries(blocks.map(({ term, xorb }) => [term.hash, xorb])),
      });
    },
    async block(ask, content, index) {
      const start = index * blockSize;
      const data = await content.read(start, Math.min(blockSize, content.size - start));
      const parts: Buffer[] = [];
      for (let at = 0; at < data.length; at += chunkSize) {
        const chunk = data.subarray(at, at + chunkSize);
        const header = Buffer.alloc(chunkHeader);
        header.writeUIntLE(chunk.length, 1, 3);
        header.writeUIntLE(chunk.length, 5, 3);
        parts.push(header, chunk);
      }
      const body = Buffer.concat(parts);
      const range = rangeOf(ask.headers.range, body.length);
      if (!range || range === 'unsatisfiable') return text('Range required', {}, 416);
      const headers = { 'Content-Type': 'application/octet-stream', 'Content-Range': `bytes ${range.start}-${range.end}/${body.length}` };
      return { status: 206, headers, body: body.subarray(range.start, range.end + 1) };
    },
  };
}
