/** Starts engine processes for the headless shell. */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { EngineExit, EngineProcess } from '../platform.ts';
import { childPort } from './ports.ts';

/** Characters of stderr that are kept: some two hundred lines of llama.cpp. */
const lastWordsLength = 16_384;

export interface ForkOptions {
  /** The engine's entry: `dist/main/engine.js`, or `main/engine/host.ts` on Node 24. */
  entry: string;
  /** Added to this process's environment, of which it gets all but the Hub's token. */
  env?: Record<string, string>;
}

/** Starts one. It ends by itself when this process does. */
export function forkEngine({ entry, env = {} }: ForkOptions): EngineProcess {
  // The engine has no business on the network, so it gets no key to it.
  const { HF_TOKEN: _, ...inherited } = process.env;
  const child = fork(entry, [], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...inherited, ...env },
  });
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-lastWordsLength);
  });
  const killsBefore = memoryKills();
  const exited = new Promise<EngineExit>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, lastWords: `${lastWords}\n${error.message}` }));
    child.once('close', (code, signal) => {
      const kills = memoryKills();
      resolve({ code, signal, lastWords, ...(kills !== undefined && killsBefore !== undefined && { memoryKilled: kills > killsBefore }) });
    });
  });
  return { port: childPort(child), exited, kill: () => child.kill('SIGKILL'), pid: child.pid };
}

/** Processes that Linux has ended for want of memory since it started; undefined elsewhere. */
function memoryKills(): number | undefined {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}
