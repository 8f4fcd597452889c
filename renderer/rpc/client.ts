/** Picks the transport: the desktop shell's port where there is one, else a WebSocket to the server that served the page. */
import { type Core, core } from '../../shared/contract/core.ts';
import type { Port } from '../../shared/rpc/port.ts';
import { type Connection, keepConnected } from './connection.ts';
import { messagePort } from './ports.ts';
import { openSocket } from './socket.ts';

declare global {
  interface Window {
    /** What the desktop shell's preload offers; absent in a browser. */
    atelier?: { connect(): Promise<MessagePort> };
  }
}

/** The connection to core for this page. */
export function connectToCore(): Connection<Core> {
  const shell = window.atelier;
  const { protocol, host } = window.location;
  const open = (): Promise<Port> => (shell ? shell.connect().then(messagePort) : openSocket(`${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/rpc`));
  return keepConnected(core, open);
}
