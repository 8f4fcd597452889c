/** Picks the transport: the desktop shell's port where there is one, else a WebSocket to the server that served the page. */
import { type Core, core } from '../../shared/contract/core.ts';
import type { Port } from '../../shared/rpc/port.ts';
import { type Connection, keepConnected } from './connection.ts';
import { messagePort } from './ports.ts';
import { openSocket } from './socket.ts';

declare global {
  interface Window {
    /** What the desktop shell's preload offers; absent in a browser. It posts a port into the page as the answer to `nonce`. */
    atelier?: { connect(nonce: string): void };
  }
}

/** The connection to core for this page. */
export function connectToCore(): Connection<Core> {
  const shell = window.atelier;
  const { protocol, host } = window.location;
  const open = (): Promise<Port> => (shell ? shellPort(shell) : openSocket(`${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/rpc`));
  return keepConnected(core, open);
}

/** A port cannot cross the context bridge, so it arrives as a message of our own window that carries our nonce. */
function shellPort(shell: NonNullable<Window['atelier']>): Promise<Port> {
  return new Promise((resolve) => {
    const nonce = crypto.randomUUID();
    const onMessage = ({ source, data, ports: [port] }: MessageEvent): void => {
      if (source !== window || data !== nonce || !port) return;
      window.removeEventListener('message', onMessage);
      resolve(messagePort(port));
    };
    window.addEventListener('message', onMessage);
    shell.connect(nonce);
  });
}
