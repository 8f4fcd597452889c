/** One file from the Hub into its part: by ranges, going on where it stopped, whatever the network does meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../shared/result.ts';
import type { Hub, ResolvedFile } from '../hub/client.ts';
import { networkFault } from '../hub/transport.ts';
import { type ByteRange, openPart, type Part, type PartOf } from './part.ts';

/** What a transfer needs of the Hub: where the bytes are, and the bytes. */
export type Source = Pick<Hub, 'resolve' | 'get'>;

export interface TransferOptions {
  source: Source;
  file: PartOf;
  /** Absolute path of the finished file; the bytes go to its part. */
  target: string;
  signal: AbortSignal;
  onReceived?(bytes: number): void;
  patience?: Partial<Patience>;
}
export interface Patience {
  /** Milliseconds without a byte after which a request is given up (3.10 step 5). */
  stallMs: number;
  /** The first wait before another try, in milliseconds; it doubles up to 30 s. */
  retryMs: number;
  /** Tries in a row that may bring nothing. */
  tries: number;
}

const bufferBytes = 1024 * 1024;
/** These pass by themselves. */
const passing = new Set(['hub.unreachable', 'hub.rateLimited', 'hub.server', 'hub.badAnswer', 'download.stalled']);

/**
 * Brings the part of `target` to its full size, and answers the content's sha256 where the Hub tells one.
 * Errors: download.changed, download.stalled, download.diskFull, download.writing, hub.*; or the signal's reason. What had arrived stays.
 */
export async function transfer({ source, file, target, signal, onReceived = () => {}, patience }: TransferOptions): Promise<string | undefined> {
  const { stallMs, retryMs, tries } = { stallMs: 15_000, retryMs: 1000, tries: 5, ...patience };
  let left = tries;
  let link: ResolvedFile | undefined;
  /** Waits before another try, or throws what cannot be tried again. */
  const again = async (error: unknown): Promise<void> => {
    signal.throwIfAborted();
    const fault = error instanceof Fault ? error : networkFault(error, new URL(link?.url ?? 'about:blank'), signal);
    if (!passing.has(fault.code) || left === 0) throw fault;
    const backOff = Math.min(30_000, retryMs * 2 ** (tries - left)) * (0.5 + Math.random() / 2);
    left--;
    const told = typeof fault.data?.seconds === 'number' ? fault.data.seconds * 1000 : 0;
    await sleep(Math.max(backOff, told), undefined, { signal }).catch(() => signal.throwIfAborted());
  };

  const resolve = async (): Promise<ResolvedFile> => {
    for (;;) {
      try {
        const link = await source.resolve(file, signal);
        if (link.size !== file.size || (file.sha256 && link.sha256 && link.sha256 !== file.sha256))
          throw new Fault('download.changed', 'This file was replaced on the Hub.', { file: file.path });
        return link;
      } catch (error) {
        await again(error);
      }
    }
  };

  link = await resolve();
  const sha256 = file.sha256 ?? link.sha256;
  const part = await openPart(target, { ...file, sha256 });
  let best = part.received();
  let refused = 0;
  let unranged = 0;
  onReceived(best);
  try {
    for (let range = part.missing(); range; range = part.missing()) {
      signal.throwIfAborted();
      try {
        if (!link) {
          link = await resolve();
          if (link.sha256 && link.sha256 !== sha256) throw new Fault('download.changed', 'This file was replaced on the Hub.', { file: file.path });
        }
        const outcome: Outcome = await request({ source, link, part, range, size: file.size, restart: unranged > 0, stallMs, signal, onReceived });
        if (outcome === 'refused') {
          // A signed link lasts an hour: ask for another one, once.
          if (++refused > 1) throw new Fault('hub.linkRefused', 'The download server keeps refusing its own link.');
          link = undefined;
        } else if (outcome === 'unranged') unranged++;
        else refused = 0;
      } catch (error) {
        if (part.received() > best) left = tries;
        await again(error);
      }
      if (part.received() > best) {
        best = part.received();
        left = tries;
      }
    }
  } catch (error) {
    await part.close().catch(() => {});
    throw error;
  }
  await part.close();
  return sha256;
}

/** `landed`: the range is whole; `refused`: the link has expired; `unranged`: this server ignored the range. */
type Outcome = 'landed' | 'refused' | 'unranged';

interface Request {
  source: Source;
  link: ResolvedFile;
  part: Part;
  range: ByteRange;
  size: number;
  /** The server has ignored a range before: its whole file may replace what had landed. */
  restart: boolean;
  stallMs: number;
  signal: AbortSignal;
  onReceived(bytes: number): void;
}

/** Asks for one range and writes it. Throws what goes wrong, with what had arrived kept in the part. */
async function request({ source, link, part, range, size, restart, stallMs, signal, onReceived }: Request): Promise<Outcome> {
  const stall = createStall(stallMs, signal);
  try {
    const { status, headers, body } = await stall.during(source.get(link.url, { range: { start: range.start, end: range.end - 1 }, signal: stall.signal }));
    if (status === 206) {
      const length = headers.get('content-length');
      const exact =
        headers.get('content-range') === `bytes ${range.start}-${range.end - 1}/${size}` && (length === null || Number(length) === range.end - range.start);
      if (!exact || isEncoded(headers) || !body) throw new Fault('hub.badAnswer', 'The download server sent other bytes than were asked for.');
      await receive(body, range, part, stall, onReceived);
      return 'landed';
    }
    if (status === 200) {
      if (Number(headers.get('content-length')) !== size || isEncoded(headers) || !body)
        throw new Fault('hub.badAnswer', 'The download server sent other bytes than were asked for.');
      const whole = { start: 0, end: size };
      // What has landed is not given up for a single odd answer.
      if (part.received() > 0 && !restart) return 'unranged';
      part.rewind(whole);
      await receive(body, whole, part, stall, onReceived);
      return 'landed';
    }
    if (status === 400) throw new Fault('hub.tooBig', 'The Hub does not give out files of this size over plain HTTP.');
    if (status === 401 || status === 403 || status === 404 || status === 410) return 'refused';
    if (status === 429) throw new Fault('hub.rateLimited', 'The download server asks to wait.', { seconds: secondsToWait(headers) });
    throw new Fault('hub.server', `The download server answered ${status}.`, { status });
  } finally {
    // Lets go of the connection, whatever is left of the answer.
    stall.end();
  }
}

/** Writes a body into `range` of the part. A short or a long body is an error; what a long one brought is not kept. */
async function receive(body: ReadableStream<Uint8Array>, range: ByteRange, part: Part, stall: Stall, onReceived: (bytes: number) => void): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(bufferBytes, range.end - range.start));
  const reader = body.getReader();
  let position = range.start;
  let filled = 0;
  const flush = async (): Promise<void> => {
    const bytes = buffer.subarray(0, filled);
    filled = 0;
    if (bytes.length === 0) return;
    await part.write(bytes, position);
    position += bytes.length;
  };
  let tooLong = false;
  try {
    for (;;) {
      const { done, value } = await stall.during(reader.read());
      if (done) break;
      tooLong = position + filled + value.length > range.end;
      if (tooLong) break;
      for (let taken = 0; taken < value.length; ) {
        const step = Math.min(value.length - taken, buffer.length - filled);
        buffer.set(value.subarray(taken, taken + step), filled);
        filled += step;
        taken += step;
        if (filled === buffer.length) await flush();
      }
      onReceived(part.received() + filled);
    }
  } finally {
    await flush();
  }
  if (tooLong) part.rewind(range);
  onReceived(part.received());
  if (tooLong || position < range.end) throw new Fault('hub.badAnswer', `The download server sent ${tooLong ? 'more' : 'fewer'} bytes than were asked for.`);
}

interface Stall {
  signal: AbortSignal;
  /** Waits for the network; aborts the request when nothing comes for too long. */
  during<T>(step: Promise<T>): Promise<T>;
  end(): void;
}

function createStall(stallMs: number, signal: AbortSignal): Stall {
  const own = new AbortController();
  return {
    signal: AbortSignal.any([own.signal, signal]),
    async during(step) {
      let give: (error: unknown) => void;
      const stalled = new Promise<never>((_, reject) => {
        give = reject;
      });
      const timer = setTimeout(() => {
        const fault = new Fault('download.stalled', 'The download server stopped sending.');
        give(fault);
        own.abort(fault);
      }, stallMs);
      const abort = (): void => give(signal.reason);
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
      try {
        return await Promise.race([stalled, step]);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      }
    },
    end: () => own.abort(),
  };
}

const isEncoded = (headers: Headers): boolean => !['', 'identity'].includes(headers.get('content-encoding') ?? '');

/** Seconds by `Retry-After`, a number or a date; at most 5 minutes. */
function secondsToWait(headers: Headers): number {
  const said = headers.get('retry-after') ?? '0';
  const seconds = /^\d+$/.test(said) ? Number(said) : (Date.parse(said) - Date.now()) / 1000;
  return Math.min(300, Math.max(0, Number.isFinite(seconds) ? seconds : 0));
}
