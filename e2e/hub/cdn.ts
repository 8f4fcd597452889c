/** The other host: signed links that expire, ranges, and a refusal of everybody who brings a token (protocol 3.2). */
import { createHmac, randomBytes } from 'node:crypto';
import { type Answer, type Ask, rangeOf } from './exchange.ts';
import type { Repository, Snapshot } from './repository.ts';
import { createXet, type Xet } from './xet.ts';

/** Makes the link of a content: repository key, xet hash, disposition. */
type Signer = (key: string, hash: string, disposition: string) => string;

export type Cdn = { sign: Signer; answer(ask: Ask): Answer | Promise<Answer>; xet: Xet; fileOf(pathname: string): string | undefined };

/** The largest file that the bridge was seen to refuse is 464.6 GB, the largest it gave is 164.6 GB (protocol 3.2); we draw the line between. */
const tooBig = 400_000_000_000;

/** CloudFront's way to put base64 into a URL. */
const urlSafe = (text: string) => text.replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~');

const xml = (status: number, code: string, message: string): Answer => ({
  status,
  headers: { 'Content-Type': 'text/xml', 'X-Cache': 'Error from cloudfront' },
  body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`),
});

/** 403, as after `Expires`. */
export const accessDenied = () => xml(403, 'AccessDenied', 'Access denied');

/** 416, as CloudFront writes it. */
export const unsatisfiable = (size: number): Answer => ({
  status: 416,
  headers: { 'Content-Type': 'text/html', 'Content-Range': `bytes */${size}` },
  body: Buffer.from('<html><body>Range Not Satisfiable</body></html>\r\n'),
});

/** 400 for a file that plain HTTP does not carry. */
export const fileTooBig = () => xml(400, 'EntityTooLarge', 'The file is too large for this route');

/** A CDN at `origin` for these repositories. `now` in ms, `linkSeconds` is how long a link lives. */
export function createCdn(origin: string, repositories: () => Iterable<Repository>, now: () => number, linkSeconds: number): Cdn {
  const secret = randomBytes(32);
  const signatureOf = (pathname: string, expires: string) => urlSafe(createHmac('sha256', secret).update(`${pathname}\n${expires}`).digest('base64'));
  type File = Snapshot['files'] extends Map<string, infer F> ? F : never;
  const find = (hash: string | undefined, key?: string): { repository: Repository; path: string; file: File } | undefined => {
    for (const repository of repositories()) {
      if (key !== undefined && repository.key !== key) continue;
      for (const snapshot of repository.snapshots.toReversed()) {
        for (const [path, file] of snapshot.files) if (file.xetHash !== undefined && file.xetHash === hash) return { repository, path, file };
      }
    }
    return undefined;
  };
  const expiry = () => String(Math.floor(now() / 1000) + linkSeconds);
  const xet = createXet(
    origin,
    (hash) => {
      const found = find(hash);
      return found && { key: found.repository.key, content: found.file.content };
    },
    (pathname) => {
      const expires = expiry();
      return `${origin}${pathname}?Expires=${expires}&Signature=${signatureOf(pathname, expires)}`;
    },
    now,
  );
  return {
    xet,
    fileOf(pathname) {
      const [, , key, hash] = pathname.split('/');
      const found = key === 'reconstructions' ? find(hash) : find(hash, key);
      return found && `${found.repository.id}/${found.path}`;
    },
    sign(key, hash, disposition) {
      const pathname = `/xet-bridge-us/${key}/${hash}`;
      const expires = expiry();
      const policy = { Statement: [{ Condition: { DateLessThan: { 'AWS:EpochTime': Number(expires) } }, Resource: origin + pathname }] };
      const query = new URLSearchParams([
        ['X-Xet-Cas-Uid', 'public'],
        ['response-content-disposition', disposition],
        ['user_id', 'public'],
        ['Expires', expires],
        ['Policy', urlSafe(Buffer.from(JSON.stringify(policy)).toString('base64'))],
        ['Signature', signatureOf(pathname, expires)],
        ['Key-Pair-Id', 'KATELIERSTANDIN'],
      ]);
      return `${origin}${pathname}?${query}`;
    },
    answer(ask) {
      if (/^\/v\d\/reconstructions\//.test(ask.url.pathname)) return xet.reconstruct(ask);
      if (ask.headers.authorization) return xml(400, 'InvalidArgument', 'Only one auth mechanism allowed');
      const { pathname, searchParams } = ask.url;
      const expires = searchParams.get('Expires') ?? '';
      const [, root, key, hash, block] = pathname.split('/');
      const found = find(hash, key);
      if (!found || searchParams.get('Signature') !== signatureOf(pathname, expires) || now() / 1000 > Number(expires)) return accessDenied();
      const { content, xetHash, size } = found.file;
      if (root === 'xorbs') return xet.block(ask, content, Number(block));
      if (size > tooBig) return fileTooBig();
      const etag = `"${xetHash}"`;
      const stale = ask.headers['if-range'] !== undefined && ask.headers['if-range'] !== etag;
      const range = stale ? undefined : rangeOf(ask.headers.range, size);
      if (range === 'unsatisfiable') return unsatisfiable(size);
      const headers = {
        'Content-Type': 'application/octet-stream',
        'Accept-Ranges': 'bytes',
        ETag: etag,
        'Content-Disposition': searchParams.get('response-content-disposition') ?? 'inline',
        'X-Cache': 'Miss from cloudfront',
        Via: '1.1 standin.cloudfront.net (CloudFront)',
        'Cache-Control': 'public, max-age=31536000',
      };
      if (!range) return { status: 200, headers, body: { content, start: 0, end: size } };
      const part = { 'Content-Range': `bytes ${range.start}-${range.end}/${size}` };
      return { status: 206, headers: { ...headers, ...part }, body: { content, start: range.start, end: range.end + 1 } };
    },
  };
}
