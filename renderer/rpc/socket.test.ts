/** What goes over the WebSocket, seen from its other end. */
import { afterEach, expect, test, vi } from 'vitest';
import { decodeFrame } from '../../shared/rpc/wire.ts';
import { openSocket } from './socket.ts';

class FakeSocket {
  static OPEN = 1;
  static last: FakeSocket;
  readyState = 1;
  sent: (string | Uint8Array)[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  url: string;
  constructor(url: string) {
    this.url = url;
    FakeSocket.last = this;
  }
  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }
  close(): void {
    this.onclose?.();
  }
}

afterEach(() => vi.unstubAllGlobals());

async function opened() {
  vi.stubGlobal('WebSocket', FakeSocket);
  const port = openSocket('ws://127.0.0.1:4600/rpc');
  FakeSocket.last.onopen?.();
  return { port: await port, socket: FakeSocket.last };
}

test('a frame is JSON text; one that carries bytes is binary', async () => {
  const { port, socket } = await opened();
  port.post({ t: 'call', id: 1, method: 'hub.search', input: { query: 'qwen' } });
  port.post({ t: 'call', id: 2, method: 'blobs.put', input: { bytes: new Uint8Array([1, 2, 3]) } });
  expect(socket.sent[0]).toBe('{"t":"call","id":1,"method":"hub.search","input":{"query":"qwen"}}');
  expect(socket.sent[1]).toBeInstanceOf(Uint8Array);
  expect(decodeFrame(socket.sent[1] as Uint8Array)).toMatchObject({ method: 'blobs.put', input: { bytes: new Uint8Array([1, 2, 3]) } });
});

test('what arrives is handed on, and the end of the connection is told', async () => {
  const { port, socket } = await opened();
  const frames: unknown[] = [];
  const closed = vi.fn();
  port.listen((frame) => frames.push(frame), closed);
  socket.onmessage?.({ data: '{"t":"end","id":1,"result":{"ok":true}}' });
  expect(frames).toEqual([{ t: 'end', id: 1, result: { ok: true } }]);
  port.close();
  expect(closed).toHaveBeenCalledOnce();
});

test('a socket that cannot be opened rejects', async () => {
  vi.stubGlobal('WebSocket', FakeSocket);
  const port = openSocket('ws://127.0.0.1:1/rpc');
  FakeSocket.last.onclose?.();
  await expect(port).rejects.toThrow('No connection');
});
