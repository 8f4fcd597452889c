/** One file from the Hub into its part: over several connections, going on where it stopped, whatever the network does meanwhile. */
import type { Fault } from '../../shared/result.ts';
import type { Hub } from '../hub/client.ts';
import { networkFault } from '../hub/transport.ts';
import { createBackOff, type Patience, secondsTold } from './backOff.ts';
import { createConnections } from './connections.ts';
import { watchRoom } from './disk.ts';
import { type PartOf, partPath } from './journal.ts';
import { createLink } from './link.ts';
import { lackedBytes, openPart } from './part.ts';
import { bufferBytes, request } from './request.ts';

export type { Patience } from './backOff.ts';

/** What a transfer needs of the Hub: where the bytes are, and the bytes. */
export type Source = Pick<Hub, 'resolve' | 'get'>;

export interface TransferOptions {
  source: Source;
  file: PartOf;
  /** Absolute path of the finished file; the bytes go to its part. */
  target: string;
  signal: AbortSignal;
  onProgress?(progress: Progress): void;
  patience?: Partial<Patience> | undefined;
  /** Awaited with the bytes that came over one connection, before it takes more. */
  pace?: ((bytes: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** Bytes of a segment of a new part; 64 MiB by default. */
  segmentSize?: number | undefined;
  /** The most connections at once; 8 by default. */
  connections?: number | undefined;
  /** Bytes of the disk that are left free: with less it stops. */
  spareBytes?: number | undefined;
  /** Awaited once the Hub has told where the bytes are, before the first of them is asked for. */
  onFound?: (() => Promise<void>) | undefined;
}

export interface Progress {
  /** Bytes that arrived. */
  received: number;
  /** Bytes that are written from the file's start, without a hole. Fewer than before: those after them are written anew. */
  prefix: number;
  /** Connections that broke off and are being made again. */
  reconnecting: number;
}

/**
 * Brings the part of `target` to its full size, and answers the content's sha256 where the Hub tells one.
 * Errors: download.changed, download.stalled, download.diskFull, download.diskLow, download.writing, hub.*; or the signal's reason.
 * What had arrived stays.
 */
export async function transfer(options: TransferOptions): Promise<string | undefined> {
  const { source, file, target, signal, onProgress = () => {}, pace = async () => {}, spareBytes = 0 } = options;
  const patience: Patience = { stallMs: 15_000, retryMs: 1000, tries: 10, ...options.patience };
  const link = createLink(file, async () => {
    const backOff = createBackOff(patience);
    for (;;) {
      try {
        return await source.resolve(file, signal);
      } catch (error) {
        await backOff.wait(networkFault(error, new URL('about:blank'), signal), signal);
      }
    }
  });
  const { sha256 = file.sha256 } = await link.current();
  await options.onFound?.();
  const part = await openPart(target, { ...file, sha256 }, options.segmentSize);
  /** Of each connection: bytes that came and are not in the part yet. */
  const unwritten = new Map<object, number>();
  const tell = (): void => {
    const inMemory = [...unwritten.values()].reduce((sum, bytes) => sum + bytes, 0);
    onProgress({ received: part.received() + inMemory, prefix: part.prefix(), reconnecting: connections.reconnecting() });
  };
  const buffers = new WeakMap<object, Uint8Array>();
  /** Whole files that came for a range, in a row. */
  let odd = 0;
  let origin = new URL('about:blank');

  const connections = createConnections({
    first: 4,
    most: options.connections ?? 8,
    take: part.take,
    received: part.received,
    onChange: tell,
    signal,
    async fetch(connection, range) {
      const backOff = createBackOff(patience);
      const buffer = buffers.get(connection) ?? new Uint8Array(bufferBytes);
      buffers.set(connection, buffer);
      try {
        for (let rest = part.missing(range.start); rest && rest.end === range.end; rest = part.missing(range.start)) {
          const before = part.received();
          try {
            const current = await link.current();
            origin = new URL(current.url);
            const outcome = await request({
              get: source.get,
              link: current,
              part,
              range: rest,
              size: file.size,
              stallMs: patience.stallMs,
              signal: connection.signal,
              buffer,
              pace,
              // What has landed is not given up for a single odd answer.
              takeWhole: async () => (part.received() === 0 || ++odd > oddAnswers) && connection.alone(),
              onAccepted(ranged) {
                if (ranged) odd = 0;
                link.works();
                connection.accepted(ranged);
              },
              onBytes(bytes) {
                unwritten.set(connection, bytes);
                connection.works();
                tell();
              },
            });
            if (outcome === 'refused') link.refuse(current);
          } catch (error) {
            connection.signal.throwIfAborted();
            const fault = networkFault(error, origin, connection.signal);
            if (isCrowded(fault) && connection.fewer(secondsTold(fault) * 1000)) return;
            connection.broke();
            if (part.received() > before) backOff.reset();
            await backOff.wait(fault, connection.signal);
          } finally {
            unwritten.delete(connection);
          }
        }
      } finally {
        part.release(range);
      }
    },
  });
  const room = watchRoom(partPath(target), spareBytes, () => lackedBytes(target, file.size), connections.fail);
  try {
    // Who hears of it may end it at once.
    tell();
    await connections.run();
  } catch (error) {
    await part.close().catch(() => {});
    throw error;
  } finally {
    room.end();
  }
  await part.close();
  return sha256;
}

/** So many whole files for a range may come in a row before the server is believed to know no ranges. */
const oddAnswers = 2;

/** The server has too many of us. */
const isCrowded = ({ code, data }: Fault): boolean => code === 'hub.rateLimited' || (code === 'hub.server' && data?.status === 503);
