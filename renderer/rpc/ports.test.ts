/** The port of the desktop shell, with a window that is only its messages. */
import { expect, test, vi } from 'vitest';
import type { Frame } from '../../shared/rpc/frames.ts';
import { messagePort, shellPort } from './ports.ts';

const message = (source: unknown, data: unknown, ports: unknown[]): MessageEvent =>
  Object.assign(new Event('message'), { source, data, ports }) as unknown as MessageEvent;

test('the port is the one that comes from this window with our nonce', async () => {
  const page = new EventTarget() as Window;
  let nonce = '';
  const given = shellPort(page, {
    pathForFile: () => '',
    connect: (asked) => {
      nonce = asked;
    },
  });
  expect(nonce.length).toBeGreaterThan(20);
  const ours = { name: 'ours' };
  page.dispatchEvent(message({}, nonce, [{ name: 'a frame of another window' }]));
  page.dispatchEvent(message(page, 'guess', [{ name: 'a wrong nonce' }]));
  page.dispatchEvent(message(page, nonce, [ours]));
  page.dispatchEvent(message(page, nonce, [{ name: 'too late' }]));
  expect(await given).toBe(ours);
});

test('frames go through a message port both ways, bytes as bytes, and its end is told', async () => {
  const { port1, port2 } = new MessageChannel();
  const port = messagePort(port1);
  const arrived: unknown[] = [];
  const closed = vi.fn();
  port.listen((frame) => arrived.push(frame), closed);
  const sent = new Promise<unknown>((resolve) => {
    port2.onmessage = ({ data }) => resolve(data);
  });
  const frame: Frame = { t: 'call', id: 1, method: 'blobs.put', input: { bytes: new Uint8Array([7, 8]) } };
  port.post(frame);
  expect(await sent).toEqual(frame);
  port2.postMessage({ t: 'end', id: 1, result: { ok: true } });
  await expect.poll(() => arrived).toEqual([{ t: 'end', id: 1, result: { ok: true } }]);
  port.close();
  expect(closed).toHaveBeenCalled();
});
