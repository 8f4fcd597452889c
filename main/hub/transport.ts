/** One HTTP request: follows no redirect, and shows the token to nobody but the Hub. */
import { Fault } from '../../shared/result.ts';
import { isDirect } from './proxy.ts';
import { get } from './wire.ts';

interface HttpRequest {
  method: 'GET' | 'HEAD';
  url: URL;
  /** Bytes, both ends included; without `end` to the file's end. */
  range?: { start: number; end?: number } | undefined;
  /** Sent only where `url` has this origin. */
  token?: { origin: string; value: string } | undefined;
  /** The pieces of the body may be lent: good until the next one is read. For bodies of gigabytes. */
  lend?: boolean | undefined;
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  headers: Headers;
  body: ReadableStream<Uint8Array> | null;
}

export type Transport = (request: HttpRequest) => Promise<HttpAnswer>;

/**
 * Requests over Node's fetch. No answer within `headerTimeoutMs`, or no connection: `hub.unreachable`; an aborted `signal`: `cancelled`.
 * `Accept-Encoding: identity`, as a CDN answers a range with a whole gzipped body otherwise (protocol 3.2).
 */
export function createTransport(headerTimeoutMs = 10_000): Transport {
  return async ({ method, url, range, token, lend, signal }) => {
    const headers = new Headers({ 'User-Agent': 'atelier' });
    // Node's fetch asks for identity by itself where there is a Range, and would say it twice.
    if (range) headers.set('Range', `bytes=${range.start}-${range.end ?? ''}`);
    else headers.set('Accept-Encoding', 'identity');
    if (token && token.origin === url.origin) headers.set('Authorization', `Bearer ${token.value}`);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), headerTimeoutMs);
    try {
      const either = AbortSignal.any([signal, late.signal]);
      if (lend && range && isDirect(url)) {
        headers.set('Accept-Encoding', 'identity');
        return await get(url, headers, either);
      }
      const { status, headers: answered, body } = await fetch(url, { method, headers, redirect: 'manual', signal: either });
      return { status, headers: answered, body };
    } catch (error) {
      throw networkFault(error, url, signal);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** How OpenSSL and Node name a certificate that cannot be believed. */
const untrusted = /^(?:UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS_CERT_)/;

/** What a failed request or a body that broke off is to a person. */
export function networkFault(error: unknown, url: URL, signal: AbortSignal): Fault {
  const aborted = signal.aborted && !(signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError');
  if (aborted) return new Fault('cancelled', 'Cancelled.', undefined, error);
  if (error instanceof Fault) return error;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && untrusted.test(String(cause.code)))
      return new Fault('network.certificate', `The certificate of ${url.host} is not trusted.`, { endpoint: url.origin }, error);
    const refused = /^Proxy response \((\d+)\)/.exec(cause.message)?.[1];
    if (refused) return new Fault('network.proxy', `The proxy refuses (${refused}).`, { status: Number(refused) }, error);
  }
  return new Fault('hub.unreachable', `${url.host} cannot be reached.`, { endpoint: url.origin }, error);
}

/** Lets go of a body that nobody reads, so that its connection is free. */
export async function drop(answer: HttpAnswer): Promise<void> {
  await answer.body?.cancel().catch(() => {});
}

/** A whole body of at most `limit` bytes; longer ones are `hub.badAnswer`. */
export async function readBody(answer: HttpAnswer, limit: number, url: URL, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of answer.body ?? []) {
      length += piece.length;
      if (length > limit) throw new Fault('hub.badAnswer', `${url.host} answers more than it should.`, { endpoint: url.origin });
      pieces.push(piece);
    }
  } catch (error) {
    throw networkFault(error, url, signal);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
