/** What a token costs on its way from the engine's mouth to the page's ear, from the first to the last of a very long answer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { statsOf } from '../main/chats/scriptedEngine.ts';
import { createChats } from '../main/chats/service.ts';
import { openDatabase } from '../main/db/open.ts';
import { coalesce } from '../main/engine/coalesce.ts';
import type { CoreHandlers } from '../main/handlers.ts';
import { serveSockets } from '../main/server/socket.ts';
import { core } from '../shared/contract/core.ts';
import { connect } from '../shared/rpc/connect.ts';
import { defaultSettings } from '../shared/schemas/settings.ts';
import { socketPort } from './ourPath.ts';

export interface StreamCost {
  tokens: number;
  /** Processor time of everything (engine's joiner, core, socket, page's end) in microseconds a token, of the first tenth and the last. */
  firstUs: number;
  lastUs: number;
  bytesPerToken: number;
}

/** Speaks `tokens` tokens without a model, 2,000 a second at the most. Chats, database in memory, coalescing and sockets are the app's own. */
export async function streamCost(tokens: number): Promise<StreamCost> {
  const marks: number[] = [];
  const mark = (): void => {
    const { user, system } = process.cpuUsage();
    marks.push(user + system);
  };
  const tenth = tokens / 10;
  const db = openDatabase(':memory:', { error: console.error });
  const chats = createChats({
    db,
    blobs: { path: () => '', find: () => Promise.reject(new Error('no blobs here')), sent: () => {} },
    settings: { get: () => defaultSettings },
    log: { info() {}, error: console.error },
    engine: {
      modelId: () => 'nobody',
      async ready() {},
      async stop() {},
      slots: () => 1,
      ledger: () => Promise.reject(new Error('Nobody asks')),
      async generate(_, __, on) {
        const said = coalesce(async (say) => {
          for (let token = 0; token < tokens; token++) {
            if (token % tenth === 0) mark();
            say({ type: 'text', text: ' word' });
            // A frame's worth at a time, as a fast model on a GPU would.
            if (token % 32 === 31) await new Promise((resolve) => setTimeout(resolve, 16));
            else if (token % 4 === 3) await turnOfLoop();
          }
          mark();
        });
        for await (const event of said) on(event);
        on({ type: 'end', stats: { ...statsOf('end'), tokens } });
      },
    },
  });
  const token = 'bench';
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  serveSockets(server, chats.handlers as CoreHandlers, { token, port: () => port, onError: console.error });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, { headers: { origin: `http://127.0.0.1:${port}`, cookie: `atelier-${port}=${token}` } });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  let bytes = 0;
  let text = '';
  socket.on('message', (data: Buffer) => {
    bytes += data.length;
  });
  const client = connect(core, socketPort(socket));
  try {
    const sent = await client.call('chat.send', { parts: [{ type: 'text', text: 'Speak.' }], thinking: false });
    if (!sent.ok) throw new Error(sent.error.message);
    let heard = 0;
    await client.stream('turn.watch', { turnId: sent.value.turnId, from: { thinking: 0, text: 0 } }, (event) => {
      if (event.type === 'text') {
        text += event.text;
        heard = bytes;
      }
    });
    if (text !== ' word'.repeat(tokens)) throw new Error(`The page heard ${text.length} characters of ${tokens * 5}`);
    return { tokens, firstUs: (marks[1]! - marks[0]!) / tenth, lastUs: (marks[10]! - marks[9]!) / tenth, bytesPerToken: heard / tokens };
  } finally {
    socket.close();
    chats.close();
    server.close();
    db.close();
  }
}
