/** The app under test: a process that can be killed, its engines, its chats. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../main/alive.ts';
import { childPort } from '../main/engine/ports.ts';
import { defaultFolders } from '../main/folders.ts';
import { core } from '../shared/contract/core.ts';
import { type Result, toFault } from '../shared/result.ts';
import { type Client, connect } from '../shared/rpc/connect.ts';
import type { Turn } from '../shared/schemas/chat.ts';
import type { EngineState } from '../shared/schemas/engine.ts';
import type { LoadSettings } from '../shared/schemas/memory.ts';

const fixtures = path.resolve(import.meta.dirname, '../e2e/fixtures/tiny-qwen3.5-vl');
const names = { text: 'tiny-qwen3.5-vl-Q4_K_M.gguf', vision: 'tiny-qwen3.5-vl-Q4_K_M.gguf', projector: 'mmproj-tiny-qwen3.5-vl-F16.gguf' };

/** A model that node-llama-cpp loads, and one that llama-server does. */
export const models = { text: `faults/text/${names.text}`, vision: `faults/vision/${names.vision}` };
export type Kind = keyof typeof models;

/** The tiny model's answer to `Hi!`, and a question that it answers until its context is full. */
export const greeting = { question: 'Hi!', answer: 'Hello! How can I help you today?' };
export const endless = 'Repeat: naïve façade 🙂 œuvre 日本';

/** Where an app on `home` has its temporary files. */
const temporary = (home: string): string => path.join(home, 'tmp');

/** Folders of a person who has both models. */
export function createHome(): string {
  const home = mkdtempSync(path.join(os.tmpdir(), 'atelier-faults-'));
  mkdirSync(temporary(home));
  const copy = (name: string, folder: string): void => {
    const to = path.join(home, 'models/faults', folder);
    mkdirSync(to, { recursive: true });
    cpSync(path.join(fixtures, name), path.join(to, name));
  };
  copy(names.text, 'text');
  copy(names.vision, 'vision');
  copy(names.projector, 'vision');
  // llama-server is built once for everybody; everything else that is kept is kept for this person.
  mkdirSync(path.join(home, 'cache'));
  symlinkSync(path.join(defaultFolders().cache, 'llama-server'), path.join(home, 'cache/llama-server'));
  return home;
}
export const modelFile = (home: string, kind: Kind): string => path.join(home, 'models', models[kind]);
export const originalFile = (kind: Kind): string => path.join(fixtures, names[kind]);

export interface App {
  pid: number;
  client: Client<typeof core>;
  load(kind: Kind, settings?: Partial<LoadSettings>): Promise<void>;
  unload(): Promise<void>;
  /** The first state that `wanted` is true of. */
  state(wanted: (state: EngineState) => boolean): Promise<EngineState>;
  /** Sends a message; the chat and the turn that answers. */
  send(text: string, chatId?: string): Promise<{ chatId: string; turnId: string }>;
  /** The turn, once it has ended. */
  ended(turnId: string): Promise<Turn>;
  /** Settles once the answer has some text; the text so far. */
  speaking(turnId: string): Promise<string>;
  /** Engine processes that hold or load a model, and their llama-servers. */
  engines(): number[];
  servers(): number[];
  kill(): Promise<void>;
  close(): Promise<void>;
}

const patience = 60_000;

/** Starts it on `home`; `engineEnv` is what its engines find in their environment. */
export async function startApp(home: string, engineEnv: Record<string, string> = { ATELIER_GPU: 'cpu' }): Promise<App> {
  const child = fork(path.join(import.meta.dirname, 'engineApp.ts'), [], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    env: {
      ...process.env,
      ATELIER_HOME: home,
      // Of its own, so that what it leaves there can be told from what others have.
      TMPDIR: temporary(home),
      ATELIER_MODELS: '',
      ATELIER_CACHE: path.join(home, 'cache'),
      HF_HUB_OFFLINE: '1',
      ATELIER_THREADS: '1',
      ENGINE_ENV: JSON.stringify(engineEnv),
    },
  });
  let words = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-4_000);
  });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error(`The app ended before it was ready: ${words}`);
    }),
  ]);
  const client = connect(core, childPort(child));
  must(await client.call('settings.change', { sampling: { temperature: 0 }, thinking: false }));

  const state: App['state'] = async (wanted) => {
    const watching = new AbortController();
    let found: EngineState | undefined;
    const signal = AbortSignal.any([watching.signal, AbortSignal.timeout(patience)]);
    let last: EngineState | undefined;
    await client.stream(
      'engine.watch',
      undefined,
      (now) => {
        last = now;
        if (found || !wanted(now)) return;
        found = now;
        watching.abort();
      },
      { signal },
    );
    if (!found) throw new Error(`the engine's state stayed ${JSON.stringify(last)?.slice(0, 300)}`);
    return found;
  };
  const follow = async (turnId: string, enough: (text: string, end: Turn | undefined) => boolean): Promise<{ text: string; end: Turn | undefined }> => {
    const watching = new AbortController();
    let text = '';
    let end: Turn | undefined;
    const signal = AbortSignal.any([watching.signal, AbortSignal.timeout(patience)]);
    await client.stream(
      'turn.watch',
      { turnId, from: { thinking: 0, text: 0 } },
      (event) => {
        if (event.type === 'text') text = text.slice(0, event.at) + event.text;
        if (event.type === 'end') end = event.turn;
        if (enough(text, end)) watching.abort();
      },
      { signal },
    );
    return { text, end };
  };
  const engines = (): number[] =>
    below(child.pid!)
      .filter(({ pid, command }) => command.includes('engine/host.ts') && !isEstimating(pid))
      .map(({ pid }) => pid);

  return {
    pid: child.pid!,
    client,
    state,
    engines,
    servers: () =>
      below(child.pid!)
        .filter(({ command }) => /^\S*llama-server /.test(command))
        .map(({ pid }) => pid),
    async load(kind, settings) {
      const { load } = must(await settingsOf(client));
      must(await client.call('engine.load', { id: models[kind], settings: { ...load, contextSize: 4096, vision: kind === 'vision', ...settings } }));
    },
    async unload() {
      const { others = [] } = await state(() => true);
      for (const { modelId } of others) must(await client.call('engine.unload', { id: modelId }));
      must(await client.call('engine.unload', {}));
    },
    send: async (text, chatId) => must(await client.call('chat.send', { ...(chatId && { chatId }), parts: [{ type: 'text', text }], thinking: false })),
    async ended(turnId) {
      const { end } = await follow(turnId, (_, end) => end !== undefined);
      if (!end) throw new Error('the answer never ended');
      return end;
    },
    async speaking(turnId) {
      const { text, end } = await follow(turnId, (text, end) => text.length > 8 || end !== undefined);
      if (text === '') throw new Error(`the answer has no text: ${JSON.stringify(end?.error)}`);
      return text;
    },
    kill: () => end(child, () => child.kill('SIGKILL')),
    close: () => end(child, () => child.send('close')),
  };
}

async function settingsOf(client: Client<typeof core>): Promise<Result<{ load: LoadSettings }>> {
  return client.call('settings.change', {});
}

async function end(child: ChildProcess, ask: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  ask();
  await gone;
}

function must<T>(answer: Result<T>): T {
  if (answer.ok) return answer.value;
  throw toFault(answer.error);
}

interface Row {
  pid: number;
  parent: number;
  command: string;
}

/** Processes below `pid`. */
export function below(pid: number): Row[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)!)
    .map(([, id, parent, command]): Row => ({ pid: Number(id), parent: Number(parent), command: command! }));
  const under = (parent: number): Row[] => rows.filter((row) => row.parent === parent).flatMap((row) => [row, ...under(row.pid)]);
  return under(pid);
}

/** The process that only tells about memory has an environment of its own. */
const isEstimating = (pid: number): boolean => environment(pid).includes('MALLOC_TRIM_THRESHOLD_=');
const environment = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
};

/** Resident bytes. */
export const residentBytes = (pid: number): number => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;

/** Temporary folders of engines that are not there any more. */
export const leftFolders = (home: string): string[] =>
  readdirSync(temporary(home)).filter((name) => {
    const owner = /^atelier-(\d+)-\w{6}$/.exec(name)?.[1];
    return owner !== undefined && !isAlive(Number(owner));
  });

export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await sleep(20);
  }
}

export const removeHome = (home: string): void => rmSync(home, { recursive: true, force: true });
