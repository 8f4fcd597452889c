/** Answers a contract over a port: parses what arrives, cancels what was abandoned, waits for slow readers. */
import type { Result } from '../result.ts';
import { Fault, toAppError } from '../result.ts';
import type { Context, Contract, Handlers } from './define.ts';
import { type Frame, frame, WINDOW } from './frames.ts';
import type { Port } from './port.ts';

/**
 * Serves `handlers` to one peer until the port closes.
 * `onError` hears of bugs and of frames that could not be read; a `Fault` is an answer, not an error.
 */
export function serve<C extends Contract>(contract: C, handlers: Handlers<C>, port: Port, onError: (error: unknown, method: string) => void = () => {}): void {
  const running = new Map<number, { abort: AbortController; credit: Credit }>();

  const run = async (request: Extract<Frame, { t: 'call' }>): Promise<void> => {
    const abort = new AbortController();
    const credit = new Credit(WINDOW, abort.signal);
    running.set(request.id, { abort, credit });
    const end = (result: Result<unknown>): void => {
      running.delete(request.id);
      port.post({ t: 'end', id: request.id, result });
    };
    try {
      const definition = Object.hasOwn(contract, request.method) ? contract[request.method] : undefined;
      if (!definition) throw new Fault('rpc.unknownMethod', `There is no method ${JSON.stringify(request.method)}`);
      const input = definition.input.safeParse(request.input);
      if (!input.success)
        throw new Fault('rpc.invalidInput', `The input of ${request.method} is not valid`, {
          issues: input.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
        });
      const handle = handlers[request.method] as (input: unknown, context: Context) => unknown;
      const answer = handle(input.data, { signal: abort.signal });
      if (definition.kind === 'call') return end({ ok: true, value: await answer });
      for await (const event of answer as AsyncIterable<unknown>) {
        await credit.take();
        port.post({ t: 'event', id: request.id, event });
      }
      abort.signal.throwIfAborted();
      end({ ok: true, value: undefined });
    } catch (error) {
      if (abort.signal.aborted) return end({ ok: false, error: { code: 'cancelled', message: 'Cancelled' } });
      if (!(error instanceof Fault)) onError(error, request.method);
      end({ ok: false, error: toAppError(error) });
    }
  };

  port.listen(
    (raw) => {
      const parsed = frame.safeParse(raw);
      if (!parsed.success) return onError(parsed.error, '(frame)');
      const message = parsed.data;
      if (message.t === 'call') void run(message);
      else if (message.t === 'cancel') running.get(message.id)?.abort.abort();
      else if (message.t === 'more') running.get(message.id)?.credit.give(message.n);
    },
    () => {
      for (const { abort } of running.values()) abort.abort();
    },
  );
}

class Credit {
  #left: number;
  #signal: AbortSignal;
  #wake: (() => void) | undefined;

  constructor(left: number, signal: AbortSignal) {
    this.#left = left;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake?.());
  }

  give(n: number): void {
    this.#left += n;
    this.#wake?.();
  }

  async take(): Promise<void> {
    while (this.#left === 0) {
      this.#signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#signal.throwIfAborted();
    this.#left--;
  }
}
