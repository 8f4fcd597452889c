import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { Fault } from '../result.ts';
import { connect } from './connect.ts';
import { call, type Handlers, stream } from './define.ts';
import { portPair } from './port.ts';
import { serve } from './serve.ts';
import { decodeFrame, encodeFrame } from './wire.ts';

const contract = {
  double: call(z.object({ n: z.number() }), z.number()),
  nothing: call(z.optional(z.undefined()), z.void()),
  fail: call(z.object({ how: z.enum(['fault', 'bug']) }), z.void()),
  count: stream(z.object({ to: z.number() }), z.number()),
  forever: stream(z.optional(z.undefined()), z.number()),
};

function peers(extra: Partial<Handlers<typeof contract>> = {}) {
  const [near, far] = portPair();
  const errors: unknown[] = [];
  let produced = 0;
  const handlers: Handlers<typeof contract> = {
    double: ({ n }) => n * 2,
    nothing: () => {},
    fail({ how }) {
      if (how === 'fault') throw new Fault('hub.gated', 'Ask first', { repo: 'a/b' });
      throw new Error('secret path /home/x');
    },
    async *count({ to }) {
      for (let n = 0; n < to; n++) yield n;
    },
    async *forever(_, { signal }) {
      while (!signal.aborted) {
        yield produced++;
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    },
    ...extra,
  };
  serve(contract, handlers, far, (error) => errors.push(error));
  return { client: connect(contract, near), near, far, errors, produced: () => produced };
}

describe('a contract over a port', () => {
  test('answers calls and carries a void input', async () => {
    const { client } = peers();
    expect(await client.call('double', { n: 21 })).toEqual({ ok: true, value: 42 });
    expect(await client.call('nothing', undefined)).toEqual({ ok: true, value: undefined });
  });

  test('streams more events than the window holds, in order', async () => {
    const { client } = peers();
    const seen: number[] = [];
    expect(await client.stream('count', { to: 1000 }, (n) => seen.push(n))).toEqual({ ok: true, value: undefined });
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, n) => n));
  });

  test('cancelling ends a stream on both sides', async () => {
    const { client, produced } = peers();
    const abort = new AbortController();
    const end = await client.stream('forever', undefined, (n) => n === 50 && abort.abort(), { signal: abort.signal });
    expect(end).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    const then = produced();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(produced()).toBe(then);
  });

  test('a fault keeps its code and data; a bug says nothing of itself and is reported', async () => {
    const { client, errors } = peers();
    expect(await client.call('fail', { how: 'fault' })).toEqual({ ok: false, error: { code: 'hub.gated', message: 'Ask first', data: { repo: 'a/b' } } });
    const bug = await client.call('fail', { how: 'bug' });
    expect(bug).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(JSON.stringify(bug)).not.toContain('/home/x');
    expect(errors).toHaveLength(1);
  });

  test.each(['missing', '__proto__', 'constructor', 'toString'])('the unknown method %s answers a typed error', async (method) => {
    const { client } = peers();
    expect(await client.call(method as 'double', { n: 1 })).toMatchObject({ ok: false, error: { code: 'rpc.unknownMethod' } });
  });

  test('an invalid input answers a typed error', async () => {
    const { client } = peers();
    expect(await client.call('double', { n: 'x' } as never)).toMatchObject({ ok: false, error: { code: 'rpc.invalidInput' } });
  });

  test('a frame that cannot be read harms nothing', async () => {
    const { client, near, errors } = peers();
    near.post({ t: 'nonsense' } as never);
    near.post(undefined as never);
    expect(await client.call('double', { n: 1 })).toEqual({ ok: true, value: 2 });
    expect(errors).toHaveLength(2);
  });

  test('a lost connection settles everything and aborts the other side', async () => {
    const { client, near, produced } = peers();
    const end = client.stream('forever', undefined, () => {});
    await new Promise((resolve) => setTimeout(resolve, 5));
    near.close();
    expect(await end).toMatchObject({ ok: false, error: { code: 'disconnected' } });
    expect(await client.call('double', { n: 1 })).toMatchObject({ ok: false, error: { code: 'disconnected' } });
    const then = produced();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(produced() - then).toBeLessThanOrEqual(1);
  });
});

describe('frames on a WebSocket', () => {
  test('bytes travel beside the JSON and come back the same', () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, n) => n % 256);
    const frame = { t: 'call', id: 7, method: 'blobs.put', input: { bytes, name: 'é' } } as const;
    const message = encodeFrame(frame);
    expect(message).toBeInstanceOf(Uint8Array);
    expect(decodeFrame(message)).toEqual(frame);
  });

  test('text stays JSON, and what is neither is undefined', () => {
    expect(decodeFrame(encodeFrame({ t: 'cancel', id: 3 }))).toEqual({ t: 'cancel', id: 3 });
    for (const bad of ['{', new Uint8Array(2), Uint8Array.of(255, 255, 255, 255, 0)]) expect(decodeFrame(bad)).toBeUndefined();
  });
});
