/** The client that outlives its connections, over ports in memory. */
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { call, stream } from '../../shared/rpc/define.ts';
import { type Port, portPair } from '../../shared/rpc/port.ts';
import { serve } from '../../shared/rpc/serve.ts';
import { keepConnected } from './connection.ts';
import { follow } from './follow.ts';

const contract = { double: call(z.number(), z.number()), count: stream(z.number(), z.number()) };

/** Opens a served port each time; `drop` cuts the newest. */
function server() {
  const opened: Port[] = [];
  const starts: number[] = [];
  const open = async (): Promise<Port> => {
    const [page, core] = portPair();
    opened.push(core);
    serve(
      contract,
      {
        double: (n) => n * 2,
        async *count(from, { signal }) {
          starts.push(from);
          yield from;
          yield from + 1;
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        },
      },
      core,
    );
    return page;
  };
  return { open, starts, drop: () => opened.at(-1)?.close() };
}

test('a call made before the first connection waits for it', async () => {
  const { open } = server();
  const { client, state } = keepConnected(contract, open);
  expect(state.getState().status).toBe('connecting');
  expect(await client.call('double', 21)).toEqual({ ok: true, value: 42 });
  expect(state.getState().status).toBe('open');
});

test('a lost connection is opened again, and a followed stream goes on from where it was', async () => {
  const { open, starts, drop } = server();
  const { client, state } = keepConnected(contract, open);
  const got: number[] = [];
  void follow(
    client,
    'count',
    () => got.length,
    (n) => got.push(n),
  );
  await expect.poll(() => got).toEqual([0, 1]);

  drop();
  expect(state.getState().status).toBe('lost');
  expect(await client.call('double', 1)).toMatchObject({ ok: false, error: { code: 'disconnected' } });

  await expect.poll(() => got).toEqual([0, 1, 2, 3]);
  expect(starts).toEqual([0, 2]);
  expect(state.getState().status).toBe('open');
  expect(await client.call('double', 4)).toEqual({ ok: true, value: 8 });
});

test('one can try again now', async () => {
  let there = false;
  const { open } = server();
  const { client, state, retry } = keepConnected(contract, () => (there ? open() : Promise.reject(new Error('nobody there'))));
  await expect.poll(() => state.getState().status).toBe('lost');
  there = true;
  retry();
  await expect.poll(() => state.getState().status).toBe('open');
  expect(await client.call('double', 2)).toEqual({ ok: true, value: 4 });
});

test('waiting for a connection can be given up', async () => {
  const { client } = keepConnected(contract, () => new Promise(() => {}));
  const abort = new AbortController();
  const answer = client.call('double', 2, { signal: abort.signal });
  abort.abort();
  expect(await answer).toMatchObject({ ok: false, error: { code: 'cancelled' } });
});
