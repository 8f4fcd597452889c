/** A client that outlives its connection: it opens the next one with growing pauses, and streams wait for it. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { type Client, connect } from '../../shared/rpc/connect.ts';
import type { Contract } from '../../shared/rpc/define.ts';
import type { Port } from '../../shared/rpc/port.ts';

export interface ConnectionState {
  status: 'connecting' | 'open' | 'lost';
}

export interface Connection<C extends Contract> {
  client: Client<C>;
  state: StoreApi<ConnectionState>;
  /** Tries again now instead of after the pause. */
  retry(): void;
}

const pauses = [250, 500, 1000, 2000, 4000, 8000];

/**
 * Keeps a connection to `contract` open. While there is none, a call answers `disconnected` at once
 * (except before the first connection, which it waits for) and a stream waits for the next connection.
 */
export function keepConnected<C extends Contract>(contract: C, open: () => Promise<Port>): Connection<C> {
  const state = createStore<ConnectionState>(() => ({ status: 'connecting' }));
  let current: Client<C> | undefined;
  let waiters: ((client: Client<C>) => void)[] = [];
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let opening = false;

  const again = (): void => {
    timer = setTimeout(attempt, pauses[Math.min(failures, pauses.length - 1)]);
    failures++;
  };
  const attempt = (): void => {
    clearTimeout(timer);
    if (opening || current) return;
    opening = true;
    open().then(
      (port) => {
        opening = false;
        failures = 0;
        const client = connect(contract, port, () => {
          if (current !== client) return;
          current = undefined;
          state.setState({ status: 'lost' });
          again();
        });
        current = client;
        state.setState({ status: 'open' });
        for (const waiter of waiters.splice(0)) waiter(client);
      },
      () => {
        opening = false;
        if (failures >= 2) state.setState({ status: 'lost' });
        again();
      },
    );
  };

  const ready = (signal: AbortSignal | undefined): Promise<Client<C> | undefined> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve(undefined);
      if (current) return resolve(current);
      const waiter = (client: Client<C>): void => {
        signal?.removeEventListener('abort', cancel);
        resolve(client);
      };
      const cancel = (): void => {
        waiters = waiters.filter((other) => other !== waiter);
        resolve(undefined);
      };
      waiters.push(waiter);
      signal?.addEventListener('abort', cancel, { once: true });
    });

  const cancelled = { ok: false as const, error: { code: 'cancelled' as const, message: 'Cancelled' } };
  const disconnected = { ok: false as const, error: { code: 'disconnected' as const, message: 'The connection was lost' } };

  attempt();
  return {
    state,
    retry: attempt,
    client: {
      async call(method, input, options) {
        if (!current && state.getState().status === 'lost') return disconnected;
        const client = await ready(options?.signal);
        return client ? client.call(method, input, options) : cancelled;
      },
      async stream(method, input, on, options) {
        const client = await ready(options?.signal);
        return client ? client.stream(method, input, on, options) : cancelled;
      },
    },
  };
}
