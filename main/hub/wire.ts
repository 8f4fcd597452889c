/**
 * A GET over a socket of our own, for bodies of gigabytes: one buffer for each connection takes all that comes, where Node's clients make
 * a new one for every 64 KiB, which costs more processor time and memory than all the rest of a download.
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as secureConnect } from 'node:tls';
import { type Framing, readHead, unchunk } from './framing.ts';

export interface WireAnswer {
  status: number;
  headers: Headers;
  /** Its pieces are only lent: each is good until the next one is asked for. */
  body: ReadableStream<Uint8Array>;
}

/** What a connection does with what comes: where it is, and whether more is wanted at once. */
interface Listener {
  came(bytes: Buffer): boolean;
  ended(error: Error): void;
}
interface Wire {
  socket: Socket;
  listener: Listener | undefined;
}

const bufferBytes = 256 * 1024;
/** A connection waits this long for another request, in milliseconds. Servers wait longer. */
const idleMs = 4000;
const idle = new Map<string, Wire[]>();

/** Requests `url` with these headers, which must be fit to be sent. Follows nothing; knows no proxy. Errors: those of the socket, or the signal's reason. */
export async function get(url: URL, headers: Headers, signal: AbortSignal): Promise<WireAnswer> {
  signal.throwIfAborted();
  const used = idle.get(url.origin)?.pop();
  if (used && !used.socket.destroyed) {
    // The server may have closed it just now: then nothing has been answered, and it is asked over a new one.
    const answer = await exchange(used, url, headers, signal).catch((error: unknown) => {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof Unanswered)) throw error;
    });
    if (answer) return answer;
  }
  return exchange(open(url), url, headers, signal);
}

/** The connection ended before the first byte of an answer. */
class Unanswered extends Error {}

function open({ protocol, hostname, port }: URL): Wire {
  const secure = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const buffer = Buffer.allocUnsafeSlow(bufferBytes);
  const onread = { buffer, callback: (length: number): boolean => wire.listener?.came(buffer.subarray(0, length)) ?? false };
  const to = { host, port: Number(port) || (secure ? 443 : 80), onread };
  const socket = secure ? secureConnect({ ...to, ALPNProtocols: ['http/1.1'], ...(isIP(host) === 0 && { servername: host }) }) : connect(to);
  const wire: Wire = { socket, listener: undefined };
  socket.setNoDelay();
  socket.on('error', (error) => wire.listener?.ended(error));
  socket.on('close', () => wire.listener?.ended(new Error('the connection was closed')));
  return wire;
}

/** Keeps a connection for the next request to the same place. */
function keep(wire: Wire, origin: string): void {
  const others = idle.get(origin) ?? [];
  idle.set(origin, [...others, wire]);
  const leave = (): void => {
    wire.listener = undefined;
    idle.set(
      origin,
      (idle.get(origin) ?? []).filter((other) => other !== wire),
    );
    wire.socket.destroy();
  };
  wire.listener = {
    came() {
      // Nothing was asked.
      leave();
      return false;
    },
    ended: leave,
  };
  wire.socket.setTimeout(idleMs, leave);
  wire.socket.unref();
}

function exchange(wire: Wire, url: URL, headers: Headers, signal: AbortSignal): Promise<WireAnswer> {
  const { socket } = wire;
  socket.setTimeout(0);
  socket.removeAllListeners('timeout');
  socket.ref();
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    let framing: Framing | undefined;
    /** What came behind the head. */
    let rest: Buffer | undefined;
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    let pulled: (() => void) | undefined;
    const abort = (): void => void socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));

    const finish = (error?: unknown): void => {
      signal.removeEventListener('abort', abort);
      wire.listener = undefined;
      if (!error && framing?.reusable) keep(wire, url.origin);
      else socket.destroy();
      if (!framing) reject(error);
      else if (error) controller?.error(error);
      else controller?.close();
      pulled?.();
    };
    /** Gives what of `bytes` is body to the reader; true when more must come first. */
    const give = (bytes: Buffer): boolean => {
      if (!framing) return false;
      let body = bytes;
      let done = false;
      if (framing.chunks) ({ body, done } = unchunk(framing.chunks, bytes));
      else if (framing.left !== undefined) {
        body = bytes.subarray(0, framing.left);
        framing.left -= body.length;
        done = framing.left === 0;
      }
      // What comes after the end belongs to nobody.
      if (body.length < bytes.length) framing.reusable = false;
      if (body.length > 0) controller?.enqueue(body);
      if (done) finish();
      else if (body.length === 0) return true;
      pulled?.();
      return false;
    };
    const take = (bytes: Buffer): boolean => {
      if (framing) return give(bytes);
      head = Buffer.concat([head, bytes]);
      const read = readHead(head);
      if (!read) return true;
      framing = read.framing;
      rest = head.subarray(read.length);
      const body = new ReadableStream<Uint8Array>(
        {
          start(own) {
            controller = own;
          },
          pull: () =>
            new Promise<void>((done) => {
              pulled = done;
              const first = rest;
              rest = undefined;
              if (first?.length === 0 || first === undefined || guarded(() => give(first))) socket.resume();
            }),
          cancel: () => finish(new Error('cancelled')),
        },
        { highWaterMark: 0 },
      );
      if (framing.left === 0) finish();
      resolve({ status: read.status, headers: read.headers, body });
      return false;
    };
    /** What an answer that cannot be read throws ends the exchange. */
    const guarded = (step: () => boolean): boolean => {
      try {
        return step();
      } catch (error) {
        finish(error);
        return false;
      }
    };
    wire.listener = {
      came: (bytes) => guarded(() => take(bytes)),
      ended: (error) => {
        if (signal.aborted) finish(signal.reason);
        else if (!framing && head.length === 0) finish(new Unanswered(error.message, { cause: error }));
        // Without a length, the end of the connection is the end of the body.
        else finish(framing && framing.left === undefined && !framing.chunks ? undefined : error);
      },
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`, ...[...headers].map(([name, value]) => `${name}: ${value}`)];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.resume();
  });
}
