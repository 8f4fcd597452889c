/** The whole app as a page uses it: the headless shell in a process of its own, asked over the renderer's socket. */
import { fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { WebSocket } from 'ws';
import { core } from '../shared/contract/core.ts';
import { type Client, connect } from '../shared/rpc/connect.ts';
import type { Port } from '../shared/rpc/port.ts';
import { decodeFrame, encodeFrame } from '../shared/rpc/wire.ts';
import type { Turn } from '../shared/schemas/chat.ts';
import type { EngineState } from '../shared/schemas/engine.ts';
import { defaultLoadSettings, type EngineChoice } from '../shared/schemas/memory.ts';
import { type Answer, stopwatch } from './answers.ts';

export interface OurPath {
  client: Client<typeof core>;
  /** Milliseconds until it can give `slots` answers at once. */
  load(id: string, context: number, engine: EngineChoice, slots: number): Promise<number>;
  unload(): Promise<void>;
  /** In a new chat. */
  ask(prompt: string): Promise<Answer>;
  /** Resident bytes of each of its processes, by name. */
  memory(): { name: string; bytes: number }[];
  close(): Promise<void>;
}

const root = path.resolve(import.meta.dirname, '..');

/** Starts the built app on `home`; answers are greedy and have `maxTokens`. */
export async function startApp(home: string, maxTokens: number): Promise<OurPath> {
  const child = fork(path.join(root, 'dist/main/server.js'), ['--headless'], {
    env: { ...process.env, ATELIER_HOME: home, HF_HUB_OFFLINE: '1' },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    execPath: process.execPath,
  });
  const url = new URL(
    await new Promise<string>((resolve, reject) => {
      child.stdout!.on('data', (text: Buffer) => {
        const address = /Atelier is ready: (\S+)/.exec(text.toString())?.[1];
        if (address) resolve(address);
      });
      child.once('exit', () => reject(new Error('The app ended before it was ready')));
    }),
  );
  const socket = new WebSocket(`ws://${url.host}/rpc`, {
    headers: { origin: url.origin, cookie: `atelier-${url.port}=${url.searchParams.get('token')}` },
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const client = connect(core, socketPort(socket));
  const must = async <T>(answer: Promise<{ ok: true; value: T } | { ok: false; error: unknown }>): Promise<T> => {
    const said = await answer;
    if (said.ok) return said.value;
    throw new Error(JSON.stringify(said.error));
  };
  await must(client.call('settings.change', { sampling: { temperature: 0, maxTokens }, thinking: false }));

  const until = async (wanted: EngineState['status']): Promise<void> => {
    const watching = new AbortController();
    let state: EngineState | undefined;
    await client.stream(
      'engine.watch',
      undefined,
      (now) => {
        state = now;
        if (now.status === wanted || now.status === 'failed') watching.abort();
      },
      { signal: watching.signal },
    );
    if (state?.status !== wanted) throw new Error(`The engine is not ${wanted}: ${JSON.stringify(state)}`);
  };

  return {
    client,
    async load(id, contextSize, engine, slots) {
      const settings = { ...defaultLoadSettings, contextSize, engine, ...(slots > 1 && { slots }) };
      const began = performance.now();
      await must(client.call('engine.load', { id, settings }));
      await until('ready');
      return performance.now() - began;
    },
    async unload() {
      await must(client.call('engine.unload', {}));
      await until('idle');
    },
    async ask(prompt) {
      const watch = stopwatch();
      const { turnId } = await must(client.call('chat.send', { parts: [{ type: 'text', text: prompt }], thinking: false }));
      let ended: Turn | undefined;
      const told = await client.stream('turn.watch', { turnId, from: { thinking: 0, text: 0 } }, (event) => {
        if (event.type === 'text' || event.type === 'thinking') watch.piece(event.text);
        if (event.type === 'end') ended = event.turn;
      });
      if (!ended?.stats) throw new Error(`The answer did not end well: ${JSON.stringify(ended?.error ?? told)}`);
      return watch.answer({ promptTokens: ended.stats.promptTokens, tokens: ended.stats.tokens });
    },
    memory: () => processTree(child.pid!),
    async close() {
      socket.close();
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

export function socketPort(socket: WebSocket): Port {
  return {
    post: (frame) => socket.send(encodeFrame(frame)),
    listen(onFrame, onClose) {
      socket.on('message', (data: Buffer, binary) => onFrame(decodeFrame(binary ? data : data.toString('utf8'))));
      socket.on('close', onClose);
    },
    close: () => socket.close(),
  };
}

/** Linux only: elsewhere the list is empty. */
export function processTree(pid: number): { name: string; bytes: number }[] {
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  const pages = Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0);
  if (pages === 0) return [];
  const args = read(`/proc/${pid}/cmdline`).split('\0');
  const script = args.find((each) => /\.[cm]?[jt]s$/.test(each));
  const own = { name: path.basename(script ?? args[0] ?? ''), bytes: pages * 4096 };
  const tasks = (() => {
    try {
      return readdirSync(`/proc/${pid}/task`);
    } catch {
      return [];
    }
  })();
  const children = tasks.flatMap((task) => read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number));
  return [own, ...children.flatMap(processTree)];
}
