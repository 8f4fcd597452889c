/** What passes between a route of the stand-in Hub and its servers: a question that was read, an answer not yet sent, a refusal. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Content } from './content.ts';

/** Who asks, by the token: `hf_good…` has access everywhere, `hf_noaccess…` is a user without access to gated repositories. */
export type Access = 'anonymous' | 'good' | 'noAccess' | 'invalid';

export type Ask = {
  method: string;
  /** Absolute, with the endpoint's own path prefix taken away. */
  url: URL;
  /** The decoded parts of the path. */
  segments: string[];
  headers: IncomingHttpHeaders;
  body: Buffer;
  access: Access;
};

/** A part of a content: from `start` to before `end`. */
export type Slice = { content: Content; start: number; end: number };

export type Answer = { status: number; headers: Record<string, string>; body: Buffer | Slice };

/** Good for everything that is gated or private in the stand-in Hub. Not a secret of anybody's. */
export const goodToken = 'hf_goodAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
/** A valid token of a user who may not read the gated repositories. */
export const noAccessToken = 'hf_noaccessAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/** Reads the Authorization header. */
export function accessOf(authorization: string | undefined): Access {
  if (!authorization) return 'anonymous';
  if (/^Bearer hf_good\w+$/.test(authorization)) return 'good';
  return /^Bearer hf_noaccess\w+$/.test(authorization) ? 'noAccess' : 'invalid';
}

/** An error as the Hub answers it; `samples/errors.json` is the table. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, code?: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The refusal on the wire: JSON from the API, plain text from `resolve` and `raw`. */
export function refusalAnswer(refusal: Refusal, api: boolean): Answer {
  const headers = { ...(refusal.code ? { 'X-Error-Code': refusal.code } : {}), 'X-Error-Message': refusal.message, ...refusal.headers };
  return api ? json({ error: refusal.message }, headers, refusal.status) : text(refusal.message, headers, refusal.status);
}

/** A JSON answer. */
export function json(value: unknown, headers: Record<string, string> = {}, status = 200): Answer {
  return { status, headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers }, body: Buffer.from(JSON.stringify(value)) };
}

/** A plain text answer. */
export function text(value: string, headers: Record<string, string> = {}, status = 200): Answer {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body: Buffer.from(value) };
}

/** The length of an answer's body in bytes. */
export function lengthOf({ body }: Answer): number {
  return Buffer.isBuffer(body) ? body.length : body.end - body.start;
}

/** The first and the last byte that a Range header asks for; undefined where there is none or it is to be ignored, 'unsatisfiable' past the end. */
export function rangeOf(header: string | undefined, size: number): { start: number; end: number } | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (start >= size) return 'unsatisfiable';
  return start > last ? undefined : { start, end: last };
}
