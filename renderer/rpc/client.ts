/** Picks the transport: the desktop shell's port where there is one, else a WebSocket to the server that served the page. */
import { type Core, core } from '../../shared/contract/core.ts';
import { type Connection, keepConnected } from './connection.ts';
import { messagePort, shellPort } from './ports.ts';
import { openSocket } from './socket.ts';

/** The connection to core for this page. */
export function connectToCore(page: Window = window): Connection<Core> {
  const { protocol, host } = page.location;
  const { atelier } = page;
  return keepConnected(core, () =>
    atelier ? shellPort(page, atelier).then(messagePort) : openSocket(`${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/rpc`),
  );
}
