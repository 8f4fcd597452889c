/** The command line as a child process, over the stand-in hub, with folders of its own. */
import { type ChildProcess, execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { builtinRepositories } from '../../e2e/hub/builtin.ts';
import { type Hub, startHub } from '../../e2e/hub/start.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
export const fixtures = here('../../e2e/fixtures');

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandLine {
  /** Where it runs, and keeps what it keeps. */
  folder: string;
  hub: Hub;
  /** On the processor alone; `changes` go to its environment, `started` gets its process. */
  atelier(args: string[], changes?: Record<string, string>, started?: (child: ChildProcess) => void): Promise<Ran>;
  /** The answer with `--json`, of a command that went well. */
  json(args: string[]): Promise<unknown>;
  close(): Promise<void>;
}

export async function openCommandLine(): Promise<CommandLine> {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-cli-'));
  mkdirSync(join(folder, 'home'));
  const hub = await startHub({ repositories: builtinRepositories(fixtures) });
  const atelier: CommandLine['atelier'] = (args, changes = {}, started = () => {}) => {
    const env = {
      ...process.env,
      ...{ HF_ENDPOINT: hub.endpoint, ATELIER_REDIRECT_HOSTS: hub.redirectHosts.join(','), HF_TOKEN: '', HF_HUB_OFFLINE: '' },
      ...{ ATELIER_HOME: folder, ATELIER_CACHE: join(folder, 'cache'), ATELIER_MODELS: join(folder, 'models'), ATELIER_GPU: 'cpu', ATELIER_THREADS: '1' },
      // Other apps' models of whoever runs the tests are none of ours.
      ...{ HOME: join(folder, 'home'), USERPROFILE: join(folder, 'home'), XDG_CACHE_HOME: '', XDG_DATA_HOME: '' },
      ...{ OLLAMA_MODELS: '', HF_HOME: '', HF_HUB_CACHE: '', LLAMA_CACHE: '' },
      ...changes,
    };
    return new Promise((resolve) => {
      const child = execFile(process.execPath, [here('main.ts'), ...args], { env, cwd: folder }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 99 : 0, stdout, stderr });
      });
      started(child);
    });
  };
  return {
    folder,
    hub,
    atelier,
    async json(args) {
      const { code, stdout, stderr } = await atelier([...args, '--json']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout);
    },
    async close() {
      await hub.close();
      rmSync(folder, { recursive: true });
    },
  };
}
