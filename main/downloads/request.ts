/** One request of a transfer: asks for a range and writes what comes, if it is what was asked for. */
import { Fault } from '../../shared/result.ts';
import { aborted } from '../aborted.ts';
import type { Hub, ResolvedFile } from '../hub/client.ts';
import { waitSeconds } from '../hub/faults.ts';
import type { ByteRange, Part } from './part.ts';

/** Writes to the disk are this long, in bytes. */
export const bufferBytes = 1024 * 1024;
/** A server that asks for more is asked again after it, in seconds. */
const longestWait = 300;

export interface Request {
  get: Hub['get'];
  link: ResolvedFile;
  part: Part;
  range: ByteRange;
  /** Bytes of the whole file. */
  size: number;
  stallMs: number;
  signal: AbortSignal;
  /** Of `bufferBytes`, for nobody else until this has ended: one for each segment would be memory that nobody uses. */
  buffer: Uint8Array;
  /** Awaited with the bytes that came, before more are taken. */
  pace(bytes: number, signal: AbortSignal): Promise<void>;
  /** The answer is one that is taken; `ranged`: it is the range that was asked for. */
  onAccepted(ranged: boolean): void;
  /** Bytes came, and `unwritten` of them are not in the part yet. */
  onBytes(unwritten: number): void;
  /** This server sends the whole file for a range: may it be taken, instead of all other requests? */
  takeWhole(): Promise<boolean>;
}

/** `landed`: the range is whole; `refused`: the link has expired. */
type Outcome = 'landed' | 'refused';

/** Asks for one range and writes it. Throws what goes wrong, with what had arrived kept in the part. */
export async function request(options: Request): Promise<Outcome> {
  const { get, link, part, range, size, signal } = options;
  const stall = createStall(options.stallMs, signal);
  try {
    const { status, headers, body } = await stall.during(
      get(link.url, { range: { start: range.start, end: range.end - 1 }, lend: true, signal: stall.signal }),
    );
    if (status === 206) {
      const length = headers.get('content-length');
      const exact =
        headers.get('content-range') === `bytes ${range.start}-${range.end - 1}/${size}` && (length === null || Number(length) === range.end - range.start);
      if (!exact || isEncoded(headers) || !body) throw otherBytes();
      options.onAccepted(true);
      await receive(body, range, part, stall, options);
      return 'landed';
    }
    if (status === 200) {
      if (Number(headers.get('content-length')) !== size || isEncoded(headers) || !body) throw otherBytes();
      if (!(await options.takeWhole())) throw otherBytes();
      options.onAccepted(false);
      await receive(body, { start: 0, end: size }, part, stall, options);
      return 'landed';
    }
    if (status === 400) throw new Fault('hub.tooBig', 'The Hub does not give out files of this size over plain HTTP.');
    if (status === 401 || status === 403 || status === 404 || status === 410) return 'refused';
    if (status === 429) throw new Fault('hub.rateLimited', 'The download server asks to wait.', { seconds: Math.min(longestWait, waitSeconds(headers) ?? 0) });
    throw new Fault('hub.server', `The download server answered ${status}.`, { status });
  } finally {
    // Lets go of the connection, whatever is left of the answer.
    stall.end();
  }
}

/** Writes what the part lacks of a body that holds `range`. A short or a long body is an error; of a long one nothing is kept. */
async function receive(
  body: ReadableStream<Uint8Array>,
  range: ByteRange,
  part: Part,
  stall: Stall,
  { signal, buffer, pace, onBytes }: Request,
): Promise<void> {
  const reader = body.getReader();
  let position = range.start;
  let filled = 0;
  const flush = async (): Promise<void> => {
    const end = position + filled;
    for (let gap = part.missing(position); gap && gap.start < end; gap = part.missing(gap.end)) {
      await part.write(buffer.subarray(gap.start - position, Math.min(gap.end, end) - position), gap.start);
    }
    position = end;
    filled = 0;
  };
  let tooLong = false;
  try {
    for (;;) {
      const { done, value } = await stall.during(reader.read());
      if (done) break;
      tooLong = position + filled + value.length > range.end;
      if (tooLong) break;
      for (let taken = 0; taken < value.length; ) {
        const copied = value.subarray(taken, taken + buffer.length - filled);
        buffer.set(copied, filled);
        filled += copied.length;
        taken += copied.length;
        if (filled === buffer.length) await flush();
      }
      onBytes(filled);
      await pace(value.length, signal);
    }
  } finally {
    await flush();
  }
  if (tooLong) part.forget(range);
  onBytes(0);
  if (tooLong || position < range.end) throw new Fault('hub.badAnswer', `The download server sent ${tooLong ? 'more' : 'fewer'} bytes than were asked for.`);
}

const otherBytes = (): Fault => new Fault('hub.badAnswer', 'The download server sent other bytes than were asked for.');

const isEncoded = (headers: Headers): boolean => !['', 'identity'].includes(headers.get('content-encoding') ?? '');

interface Stall {
  signal: AbortSignal;
  /** Waits for the network; aborts the request when nothing comes for too long. */
  during<T>(step: Promise<T>): Promise<T>;
  end(): void;
}

/** Gives a request up when one step of it takes longer than `stallMs`. */
function createStall(stallMs: number, signal: AbortSignal): Stall {
  const own = new AbortController();
  const either = AbortSignal.any([own.signal, signal]);
  const given = aborted(either);
  // Nobody may be waiting when it comes.
  given.catch(() => {});
  let waiting = false;
  // One timer that is set back, not one for each of a million reads. What the disk or the pace takes is no stall.
  const timer = setTimeout(() => {
    if (waiting) own.abort(new Fault('download.stalled', 'The download server stopped sending.'));
  }, stallMs);
  return {
    signal: either,
    async during(step) {
      waiting = true;
      timer.refresh();
      try {
        return await Promise.race([given, step]);
      } finally {
        waiting = false;
      }
    },
    end() {
      clearTimeout(timer);
      own.abort();
    },
  };
}
