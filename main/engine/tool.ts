/** Runs a build tool, its output line by line. */
import { spawn } from 'node:child_process';

export interface Exit {
  /** null: could not be started. */
  code: number | null;
  output: string;
}

/** Runs a tool to its end; its whole process group is ended when `signal` aborts. */
export function tool(command: string, args: string[], signal: AbortSignal | undefined, onLine: (line: string) => void): Promise<Exit> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const child = spawn(command, args, { detached: process.platform !== 'win32', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
    const abort = (): void => {
      if (process.platform === 'win32') child.kill();
      else if (child.pid) process.kill(-child.pid, 'SIGKILL');
    };
    signal?.addEventListener('abort', abort, { once: true });
    let output = '';
    let rest = '';
    const read = (chunk: Buffer): void => {
      output += chunk;
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) onLine(line);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    const end = (code: number | null): void => {
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted) reject(signal.reason);
      else resolve({ code, output });
    };
    child.on('error', () => end(null));
    child.on('close', (code) => end(code ?? 1));
  });
}
