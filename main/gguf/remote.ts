/** A file on the Hub that can be read in pieces by ranges, checked against what the listing said. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../shared/result.ts';
import type { HubFile } from '../../shared/schemas/hub.ts';
import type { Hub, ResolvedFile } from '../hub/client.ts';
import { drop, networkFault, readBody } from '../hub/transport.ts';
import type { Source } from './read.ts';

const tries = 3;
/** For one range, which is 2 MiB at most but for a header with one huge value. */
const rangeTimeoutMs = 120_000;

/**
 * Resolves the file once, and again when its link has expired. Throws what `Hub.resolve` throws; `download.changed` where the file is
 * no longer the listed one; `hub.linkRefused`, `hub.tooBig`, `hub.server`, `hub.badAnswer` for what the CDN answers.
 */
export async function hubSource(hub: Hub, { repo, commit, file }: { repo: string; commit: string; file: HubFile }, signal: AbortSignal): Promise<Source> {
  const resolve = async (): Promise<ResolvedFile> => {
    const resolved = await hub.resolve({ repo, commit, path: file.path }, signal);
    const same = resolved.size === file.size && (file.sha256 === undefined || resolved.sha256 === undefined || resolved.sha256 === file.sha256);
    if (!same) throw new Fault('download.changed', `${file.path} was replaced on the Hub.`, { file: file.path });
    return resolved;
  };
  let resolved = await resolve();
  let renewed = false;

  return {
    file: file.path,
    size: file.size,
    async read(start, end) {
      if (start === end) return new Uint8Array(0);
      for (let attempt = 1; ; attempt++) {
        try {
          return await readRange(hub, resolved.url, start, end, file, signal);
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          const expired = error.code === 'hub.linkRefused' && !renewed;
          const passing = error.code === 'hub.unreachable' || (error.code === 'hub.server' && Number(error.data?.status) >= 500);
          if (expired) {
            renewed = true;
            resolved = await resolve();
          } else if (passing && attempt < tries) {
            await sleep(300 * 2 ** attempt, undefined, { signal }).catch((cause) => {
              throw new Fault('cancelled', 'Cancelled.', undefined, cause);
            });
          } else throw error;
        }
      }
    },
  };
}

async function readRange(hub: Hub, href: string, start: number, end: number, file: HubFile, signal: AbortSignal): Promise<Uint8Array> {
  const url = new URL(href);
  const timed = AbortSignal.any([signal, AbortSignal.timeout(rangeTimeoutMs)]);
  const answer = await hub.get(href, { range: { start, end: end - 1 }, signal: timed });
  const fault = rangeFault(answer.status, answer.headers, start, end, file.size, url.origin);
  if (fault) {
    await drop(answer);
    throw fault;
  }
  if (answer.status === 206) {
    const bytes = await readBody(answer, end - start, url, timed);
    if (bytes.length < end - start) throw networkFault(new Error('short body'), url, timed);
    return bytes;
  }
  return takeFrom(answer.body, start, end, url, timed);
}

/** Why an answer to a range is of no use; undefined for exactly that range, and for the whole file from its start. */
function rangeFault(status: number, headers: Headers, start: number, end: number, size: number, origin: string): Fault | undefined {
  const wrong = new Fault('hub.badAnswer', `${origin} does not answer with the file.`, { endpoint: origin });
  if (status === 403) return new Fault('hub.linkRefused', 'The link to the file is refused.');
  if (status === 400) return new Fault('hub.tooBig', 'The file is too big for plain HTTP.');
  if (status === 429 || status >= 500) return new Fault('hub.server', `${origin} answers with an error (${status}).`, { status });
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity') return wrong;
  if (status === 206) return headers.get('content-range') === `bytes ${start}-${end - 1}/${size}` ? undefined : wrong;
  return status === 200 && headers.get('content-length') === String(size) ? undefined : wrong;
}

/** From a server that ignores ranges: reads up to `end` and no further. */
async function takeFrom(body: ReadableStream<Uint8Array> | null, start: number, end: number, url: URL, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  let at = 0;
  try {
    for await (const piece of body ?? []) {
      const wanted = piece.subarray(Math.max(0, start - at), Math.max(0, end - at));
      bytes.set(wanted, Math.max(0, at - start));
      at += piece.length;
      if (at >= end) break;
    }
  } catch (error) {
    throw networkFault(error, url, signal);
  }
  if (at < end) throw networkFault(new Error('short body'), url, signal);
  return bytes;
}
