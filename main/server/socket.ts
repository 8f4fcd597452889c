/** One RPC peer for each WebSocket, its origin and token checked at the door. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { blobLimit, core } from '../../shared/contract/core.ts';
import type { Port } from '../../shared/rpc/port.ts';
import { serve } from '../../shared/rpc/serve.ts';
import { decodeFrame, encodeFrame } from '../../shared/rpc/wire.ts';
import type { CoreHandlers } from '../handlers.ts';
import { ownHost } from './http.ts';
import { cookieName, readCookie, sameToken } from './token.ts';

interface SocketOptions {
  token: string;
  port: () => number;
  onError: (error: unknown, method: string) => void;
}

/** Answers upgrades of `/rpc`; a foreign page, a foreign host name or a missing token gets 403. */
export function serveSockets(server: Server, handlers: CoreHandlers, { token, port, onError }: SocketOptions): void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: blobLimit + 65_536 });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const allowed =
      request.url === '/rpc' &&
      ownHost(request.headers.host, port()) &&
      request.headers.origin === `http://${request.headers.host}` &&
      sameToken(readCookie(request.headers.cookie, cookieName(port())), token);
    if (!allowed) return socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    sockets.handleUpgrade(request, socket, head, (webSocket) => serve(core, handlers, socketPort(webSocket), onError));
  });
}

function socketPort(socket: WebSocket): Port {
  return {
    post: (frame) => {
      if (socket.readyState === socket.OPEN) socket.send(encodeFrame(frame));
    },
    listen(onFrame, onClose) {
      socket.on('message', (data: Buffer, binary) => onFrame(decodeFrame(binary ? data : data.toString('utf8'))));
      socket.on('close', onClose);
      socket.on('error', () => socket.terminate());
    },
    close: () => socket.close(),
  };
}
