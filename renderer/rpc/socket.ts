/** A port over a WebSocket: JSON text frames, and one binary frame where bytes are sent. */
import type { Port } from '../../shared/rpc/port.ts';
import { decodeFrame, encodeFrame } from '../../shared/rpc/wire.ts';

/** Opens a socket; rejects when it cannot be opened. The page's cookie lets it in. */
export function openSocket(url: string): Promise<Port> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.onerror = () => reject(new Error(`No connection to ${url}`));
    socket.onclose = () => reject(new Error(`No connection to ${url}`));
    socket.onopen = () => resolve(socketPort(socket));
  });
}

function socketPort(socket: WebSocket): Port {
  return {
    post(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(encodeFrame(frame));
    },
    listen(onFrame, onClose) {
      socket.onmessage = ({ data }) => {
        if (typeof data === 'string') onFrame(decodeFrame(data));
      };
      socket.onerror = null;
      socket.onclose = onClose;
    },
    close: () => socket.close(),
  };
}
