/** Gives the main frame of our page its port to core, and nobody else. */
import type { IpcMain, MessageChannelMain, MessagePortMain } from 'electron';
import type { Port } from '../shared/rpc/port.ts';
import { portChannel } from './channel.ts';
import { isTrusted } from './security.ts';

/** Answers each request of a trusted frame with a fresh port that `serve` speaks core's contract on. */
export function givePorts(ipc: Pick<IpcMain, 'on'>, channel: () => MessageChannelMain, serve: (port: Port) => void): void {
  ipc.on(portChannel, (event, nonce: unknown) => {
    const frame = event.senderFrame;
    if (!frame || !isTrusted(frame) || typeof nonce !== 'string' || nonce.length > 64) return;
    const { port1, port2 } = channel();
    serve(mainPort(port1));
    frame.postMessage(portChannel, nonce, [port2]);
  });
}

/** Core's end. Bytes are cloned: a transfer list would lose them (electron#34905). */
function mainPort(port: MessagePortMain): Port {
  return {
    post: (frame) => port.postMessage(frame),
    listen(onFrame, onClose) {
      port.on('message', ({ data }) => onFrame(data));
      port.on('close', onClose);
      port.start();
    },
    close: () => port.close(),
  };
}
