/** Speaks a contract over a port. */
import type { Result } from '../result.ts';
import type { CallName, Contract, Input, Output, StreamName } from './define.ts';
import { frame, WINDOW } from './frames.ts';
import type { Port } from './port.ts';

export interface CallOptions {
  /** Cancels the call on the other side too; it then answers `cancelled`. */
  signal?: AbortSignal | undefined;
}

export interface Client<C extends Contract> {
  call<K extends CallName<C>>(method: K, input: Input<C[K]>, options?: CallOptions): Promise<Result<Output<C[K]>>>;
  /** Hands each event to `on`; settles when the stream ends, is cancelled, or the connection is lost. */
  stream<K extends StreamName<C>>(method: K, input: Input<C[K]>, on: (event: Output<C[K]>) => void, options?: CallOptions): Promise<Result<void>>;
}

interface Open {
  on: ((event: never) => void) | undefined;
  seen: number;
  done: (result: Result<never>) => void;
}

/** A client of `contract` at the other end of `port`. `onClose` hears once that the connection is gone. */
export function connect<C extends Contract>(_contract: C, port: Port, onClose: () => void = () => {}): Client<C> {
  const lost: Result<never> = { ok: false, error: { code: 'disconnected', message: 'The connection was lost' } };
  const open = new Map<number, Open>();
  let next = 1;
  let closed = false;

  port.listen(
    (raw) => {
      const parsed = frame.safeParse(raw);
      if (!parsed.success) return;
      const message = parsed.data;
      const entry = open.get(message.id);
      if (!entry) return;
      if (message.t === 'event') {
        entry.on?.(message.event as never);
        entry.seen++;
        if (entry.seen % (WINDOW / 2) === 0) port.post({ t: 'more', id: message.id, n: WINDOW / 2 });
      } else if (message.t === 'end') {
        open.delete(message.id);
        entry.done(message.result as Result<never>);
      }
    },
    () => {
      closed = true;
      for (const entry of open.values()) entry.done(lost);
      open.clear();
      onClose();
    },
  );

  const start = (method: string, input: unknown, on: Open['on'], signal: AbortSignal | undefined): Promise<Result<never>> =>
    new Promise((resolve) => {
      if (closed) return resolve(lost);
      const id = next++;
      const cancel = (): void => port.post({ t: 'cancel', id });
      const done = (result: Result<never>): void => {
        signal?.removeEventListener('abort', cancel);
        resolve(result);
      };
      open.set(id, { on, seen: 0, done });
      port.post({ t: 'call', id, method, input });
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });

  return {
    call: (method, input, options) => start(method, input, undefined, options?.signal),
    stream: (method, input, on, options) => start(method, input, on as Open['on'], options?.signal),
  };
}
