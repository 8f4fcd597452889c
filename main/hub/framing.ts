/** HTTP/1.1 answers as bytes: the head, and where the body ends. */

/** Where a body ends: after `left` bytes, by its chunks, or with the connection. */
export interface Framing {
  left?: number;
  chunks?: Chunks;
  /** The connection takes another request after it; not asked of chunked bodies, which are rare here. */
  reusable: boolean;
}
/** Where in a chunked body we are. */
export interface Chunks {
  /** Bytes left of this chunk's data. */
  left: number;
  /** What has come of a line (a size, the end of a chunk, a trailer). */
  line: string;
  at: 'size' | 'data' | 'end' | 'trailer';
}

const longestHead = 64 * 1024;
const longestLine = 4096;

/** The head that `bytes` begin with, and its length; undefined while it is not whole. Interim answers (1xx) are skipped. Throws on what is no HTTP. */
export function readHead(bytes: Buffer): { status: number; headers: Headers; framing: Framing; length: number } | undefined {
  for (let start = 0; ; ) {
    const end = bytes.indexOf('\r\n\r\n', start, 'latin1');
    if (end < 0) {
      if (bytes.length - start > longestHead || (bytes.length - start >= 5 && bytes.toString('latin1', start, start + 5) !== 'HTTP/')) throw noHttp();
      return undefined;
    }
    const [first = '', ...lines] = bytes.toString('latin1', start, end).split('\r\n');
    const [, minor, code] = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(first) ?? [];
    if (code === undefined) throw noHttp();
    start = end + 4;
    if (code.startsWith('1')) continue;
    const headers = new Headers();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon <= 0) throw noHttp();
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    return { status: Number(code), headers, framing: framingOf(Number(code), headers, minor === '1'), length: start };
  }
}

function framingOf(status: number, headers: Headers, persistent: boolean): Framing {
  const reusable = persistent && !/\bclose\b/i.test(headers.get('connection') ?? '');
  const coding = headers.get('transfer-encoding');
  if (status === 204 || status === 304) return { left: 0, reusable };
  if (coding !== null) {
    if (coding.toLowerCase() !== 'chunked') throw noHttp();
    return { chunks: { left: 0, line: '', at: 'size' }, reusable: false };
  }
  const length = headers.get('content-length');
  if (length === null) return { reusable: false };
  if (!/^\d{1,15}$/.test(length)) throw noHttp();
  return { left: Number(length), reusable };
}

/** The data in the next `bytes` of a chunked body, which is moved to their beginning; `done` after the last chunk. Throws on what are no chunks. */
export function unchunk(chunks: Chunks, bytes: Buffer): { body: Buffer; done: boolean } {
  let length = 0;
  for (let at = 0; at < bytes.length; ) {
    if (chunks.at === 'data') {
      const taken = Math.min(chunks.left, bytes.length - at);
      bytes.copyWithin(length, at, at + taken);
      length += taken;
      at += taken;
      chunks.left -= taken;
      if (chunks.left === 0) chunks.at = 'end';
      continue;
    }
    const newline = bytes.indexOf(10, at);
    chunks.line += bytes.toString('latin1', at, newline < 0 ? bytes.length : newline);
    if (chunks.line.length > longestLine) throw noHttp();
    if (newline < 0) break;
    at = newline + 1;
    const line = chunks.line.replace(/\r$/, '');
    chunks.line = '';
    if (chunks.at === 'trailer' && line === '') return { body: bytes.subarray(0, length), done: true };
    if (chunks.at === 'end') {
      if (line !== '') throw noHttp();
      chunks.at = 'size';
    } else if (chunks.at === 'size') {
      const size = /^([0-9a-f]{1,12})\s*(?:;|$)/i.exec(line)?.[1];
      if (size === undefined) throw noHttp();
      chunks.left = Number.parseInt(size, 16);
      chunks.at = chunks.left === 0 ? 'trailer' : 'data';
    }
  }
  return { body: bytes.subarray(0, length), done: false };
}

const noHttp = (): Error => new Error('the answer is no HTTP');
