/** A llama-server child that cannot outlive this process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import * as z from 'zod/mini';
import { Fault } from '../../shared/result.ts';
import { aborted } from '../aborted.ts';
import { makeScratch } from '../scratch.ts';
import { createLog, type LlamaLog, lastComplaint } from './llamaLog.ts';
import type { Address } from './openaiClient.ts';

export interface ServerProcess {
  address: Address;
  log: LlamaLog;
  /** Settles when it answers; rejects when it ends first or `signal` aborts. `onProgress` hears 0 to 1. */
  ready(onProgress: (progress: number) => void, signal: AbortSignal): Promise<void>;
  /** Settles when it is gone, with its last complaint. */
  exited: Promise<string>;
  /** Ends it and waits until it is gone. */
  kill(): Promise<void>;
}

/**
 * Runs the server and ends it when the other end of stdin closes, which happens however this process dies, SIGKILL
 * included. The server itself watches stdin only once it has loaded; this covers the minutes before that. Windows needs
 * no watcher: Node's children are in a job that ends with it.
 */
const watcher = `exec 3<&0
"$@" <&3 &
server=$!
(while read -r _ <&3; do :; done; kill -9 $server) 2>/dev/null &
watcher=$!
exec 3<&-
wait $server
code=$?
kill $watcher 2>/dev/null
exit $code`;

/** What llama-server tells a parent that started it as a router would: `cmd_child_to_router:state:{...}` on stdout. */
const report = z.object({ state: z.string(), payload: z.optional(z.object({ current: z.optional(z.string()), value: z.optional(z.number()) })) });

/** Starts `llama-server` of `folder` with `args`; `onLine` hears its log. */
export async function startServer(folder: string, args: string[], onLine: (line: string) => void): Promise<ServerProcess> {
  const temporary = makeScratch();
  const socket = path.join(temporary, 'llama.sock');
  // A socket's path has room for some 100 bytes, and Windows' llama-server has none at all.
  const usable = process.platform !== 'win32' && Buffer.byteLength(socket) < 100;
  const address: Address = usable ? { socket } : { port: await freePort(), key: randomBytes(24).toString('hex') };
  const command = [
    path.join(folder, process.platform === 'win32' ? 'llama-server.exe' : 'llama-server'),
    ...(address.socket ? ['--host', address.socket] : ['--host', '127.0.0.1', '--port', String(address.port)]),
    ...args,
  ];
  const env = { ...process.env, LLAMA_SERVER_ROUTER_PORT: '0', ...(address.key && { LLAMA_API_KEY: address.key }) };
  const child =
    process.platform === 'win32'
      ? spawn(command[0]!, command.slice(1), { env, stdio: 'pipe', windowsHide: true })
      : spawn('/bin/sh', ['-c', watcher, 'sh', ...command], { env, stdio: 'pipe' });

  const log = createLog(onLine);
  let onReport: (said: z.infer<typeof report>) => void = () => {};
  readLines(child.stderr, (line) => log.write(line));
  readLines(child.stdout, (line) => {
    const said = /^cmd_child_to_router:state:(.*)/.exec(line);
    const parsed = said && report.safeParse(JSON.parse(said[1]!));
    if (parsed?.success) onReport(parsed.data);
  });
  child.stdin.on('error', () => {});
  const exited = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(lastComplaint(log.lines()) ?? `it ended with ${signal ?? code}`));
  }).finally(() => rmSync(temporary, { recursive: true, force: true }));

  return {
    address,
    log,
    exited,
    async ready(onProgress, signal) {
      const answered = new Promise<void>((resolve) => {
        onReport = ({ state, payload }) => {
          if (state === 'ready') resolve();
          else if (payload?.value !== undefined) onProgress(payload.current === 'text_model' ? payload.value * 0.8 : 0.8 + payload.value * 0.2);
        };
      });
      const gone = exited.then((reason) => {
        throw new Fault('engine.loadFailed', `llama-server ended: ${reason}`, { reason });
      });
      await Promise.race([answered, gone, aborted(signal)]);
    },
    async kill() {
      end(child);
      await exited;
    },
  };
}

function end(child: ChildProcess): void {
  child.stdin?.end();
  if (process.platform === 'win32') child.kill();
}

function readLines(stream: NodeJS.ReadableStream, on: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') on(line);
  });
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
