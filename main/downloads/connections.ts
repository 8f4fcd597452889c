/** How many connections a transfer has: as many as help, fewer where the server asks for it, one where it knows no ranges. */
import type { ByteRange } from './part.ts';

export interface Connection {
  /** Aborts when this connection is to end, whatever the reason. */
  readonly signal: AbortSignal;
  /** The server answered as it should; `ranged`: with the range that was asked for. */
  accepted(ranged: boolean): void;
  /** Bytes come again. */
  works(): void;
  /** It broke off and is made again. */
  broke(): void;
  /** The server asks for fewer: true when this connection is to end, false when it is the last one. `ms`: no more are added before. */
  fewer(ms: number): boolean;
  /** Resolves when all others have ended, or at once with false where another one is alone already. */
  alone(): Promise<boolean>;
}

export interface ConnectionsOptions {
  /** Connections once the server has shown that it knows ranges, and the most that there may be. */
  first: number;
  most: number;
  /** What is to be fetched next, taken from the others. */
  take(): ByteRange | undefined;
  /** Fetches it over a connection. What it throws ends them all, unless the connection's signal has aborted. */
  fetch(connection: Connection, range: ByteRange): Promise<void>;
  /** Bytes so far. */
  received(): number;
  onChange(): void;
  signal: AbortSignal;
}

export interface Connections {
  /** Resolves when nothing is left to take; rejects with what ended it. No connection is open by then. */
  run(): Promise<void>;
  /** Ends all with this error. */
  fail(error: unknown): void;
  /** How many are being made again. */
  reconnecting(): number;
}

/** Another connection is tried this often, in milliseconds, and after one that did not help only this long after. */
const windowMs = 2000;
const settledMs = 30_000;

export function createConnections({ first, most, take, fetch, received, onChange, signal }: ConnectionsOptions): Connections {
  const all = new AbortController();
  const open = new Map<Connection, { ended: Promise<void>; abort: AbortController }>();
  const broken = new Set<Connection>();
  let failure: { error: unknown } | undefined;
  let sole: Connection | undefined;
  let ranged = false;
  let limit = 1;
  let noMoreBefore = 0;
  /** Bytes per second before the newest connection. */
  let rateBefore: number | undefined;

  const fail = (error: unknown): void => {
    failure ??= { error };
    all.abort(error);
  };
  const fill = (): void => {
    while (open.size < limit && !all.signal.aborted && !signal.aborted) {
      const range = take();
      if (!range) return;
      begin(range);
    }
  };
  const begin = (from: ByteRange): void => {
    const abort = new AbortController();
    let leaves = false;
    const connection: Connection = {
      signal: AbortSignal.any([abort.signal, all.signal, signal]),
      accepted(withRange) {
        if (!withRange || (ranged && sole !== connection)) return;
        ranged = true;
        sole = undefined;
        limit = Math.min(first, most);
        fill();
      },
      works() {
        if (broken.delete(connection)) onChange();
      },
      broke() {
        broken.add(connection);
        onChange();
      },
      fewer(ms) {
        noMoreBefore = performance.now() + Math.max(settledMs, ms);
        rateBefore = undefined;
        leaves = open.size > 1;
        limit = Math.max(1, open.size - 1);
        return leaves;
      },
      async alone() {
        if (sole && sole !== connection) return false;
        sole = connection;
        limit = 1;
        const others = [...open].filter(([other]) => other !== connection).map(([, other]) => other);
        for (const other of others) other.abort.abort();
        await Promise.all(others.map((other) => other.ended));
        return true;
      },
    };
    const work = async (): Promise<void> => {
      for (let range: ByteRange | undefined = from; range; range = leaves || open.size > limit ? undefined : take()) await fetch(connection, range);
    };
    const ended = work()
      .catch((error: unknown) => {
        if (!connection.signal.aborted) fail(error);
      })
      .finally(() => {
        open.delete(connection);
        if (sole === connection) sole = undefined;
        if (broken.delete(connection)) onChange();
      })
      // Who hears of it may end it all; nobody waits for a connection that began meanwhile.
      .catch(fail);
    open.set(connection, { ended, abort });
  };
  /** One more where the last one helped, one fewer where it did not. */
  const adapt = (rate: number): void => {
    if (!ranged || sole || open.size < limit || performance.now() < noMoreBefore) return;
    const helped = rateBefore === undefined || rate > rateBefore * (1 + 0.5 / (limit - 1));
    if (helped && limit < most) {
      rateBefore = rate;
      limit++;
    } else if (!helped) {
      limit = Math.max(1, limit - 1);
      rateBefore = undefined;
      noMoreBefore = performance.now() + settledMs;
    }
  };

  return {
    async run() {
      let before = received();
      const tick = setInterval(() => {
        adapt(((received() - before) / windowMs) * 1000);
        before = received();
        fill();
      }, windowMs);
      try {
        // Whoever ends may leave room or work for another one.
        for (fill(); open.size > 0; fill()) await Promise.race([...open.values()].map(({ ended }) => ended));
      } finally {
        clearInterval(tick);
      }
      signal.throwIfAborted();
      if (failure) throw failure.error;
    },
    fail,
    reconnecting: () => broken.size,
  };
}
