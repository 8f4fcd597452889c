/** Sends an answer over a real socket, at a given pace and with the given way of breaking off, and writes down what was sent. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { pieces } from './content.ts';
import { type Answer, lengthOf } from './exchange.ts';
import type { Delivery } from './faults.ts';

/** One request as a server saw it. */
export type RequestLog = {
  at: 'hub' | 'cdn' | 'evil';
  method: string;
  /** Path and query. */
  url: string;
  /** What a fault's `path` is compared with: the decoded path; at the CDN also `owner/name/path` of the file. */
  subject: string;
  headers: IncomingHttpHeaders;
  /** When it came, in ms of the Hub's clock. */
  time: number;
  status: number;
  /** Bytes of the body handed to the socket. */
  bytesSent: number;
  /** Who ended it; absent while it is running. */
  closedBy?: 'server' | 'client';
  /** The kinds of the faults that hit it. */
  faults: string[];
};

/** Sends the answer; resolves when the response is over, whoever ended it. */
export async function deliver(request: IncomingMessage, response: ServerResponse, answer: Answer, delivery: Delivery, entry: RequestLog): Promise<void> {
  const gone = new AbortController();
  const closed = new Promise<void>((resolve) => {
    response.once('close', () => {
      entry.closedBy ??= response.writableFinished ? 'server' : 'client';
      gone.abort();
      resolve();
    });
  });
  const { stop } = delivery;
  const socket = response.socket;
  const breakOff = () => {
    if (stop?.how === 'stall') return closed;
    entry.closedBy = 'server';
    if (stop?.how === 'reset') socket?.resetAndDestroy();
    else if (stop?.how === 'end') response.end();
    else socket?.destroySoon();
    return closed;
  };
  entry.status = answer.status;
  if (stop?.after === 'nothing') return breakOff();

  const length = lengthOf(answer);
  const chunked = stop?.how === 'end' || 'Transfer-Encoding' in answer.headers;
  const headers = Object.entries({ ...answer.headers, ...(chunked ? {} : { 'Content-Length': String(length) }) }).filter(([, value]) => value !== '');
  response.writeHead(answer.status, Object.fromEntries(headers));
  if (request.method === 'HEAD') {
    response.end();
    return closed;
  }
  response.flushHeaders();
  const limit = stop ? Math.min(stop.after as number, length) : length;
  const pace = delivery.bytesPerSecond;
  const piece = pace ? Math.max(1, Math.min(65_536, Math.ceil(pace / 20))) : 1 << 18;
  const { body } = answer;
  const source = Buffer.isBuffer(body) ? { content: { size: body.length, read: async (at: number, n: number) => body.subarray(at, at + n) }, start: 0 } : body;
  try {
    for await (const data of pieces(source.content, source.start, source.start + limit, piece)) {
      if (gone.signal.aborted) return closed;
      const ready = response.write(data);
      entry.bytesSent += data.length;
      if (pace) await sleep((data.length / pace) * 1000, undefined, { signal: gone.signal });
      if (!ready && response.writableNeedDrain) {
        await new Promise<void>((resolve) => {
          response.once('drain', resolve);
          gone.signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error;
    return closed;
  }
  if (stop) {
    // The bytes must have left the process before the connection is cut under them.
    if (stop.how !== 'stall') await sleep(20);
    return breakOff();
  }
  response.end();
  return closed;
}
