/** The desktop's Platform: the same folders as the headless shell, utility processes instead of forks. */
import path from 'node:path';
import type { App, UtilityProcess, utilityProcess } from 'electron';
import { defaultFolders } from '../main/folders.ts';
import { hubFromEnvironment, type Platform } from '../main/platform.ts';
import { awaitSampleHub } from '../main/sampleHub.ts';
import type { Secrets } from '../main/secrets.ts';
import { engineProcess } from './engineProcess.ts';

export interface DesktopOptions {
  /** The folder that holds dist/ and e2e/fixtures. */
  root: string;
  app: Pick<App, 'getVersion' | 'on' | 'removeListener'>;
  utilityProcess: Pick<typeof utilityProcess, 'fork'>;
  secrets: Secrets;
  /** Chromium's answer for an address, such as `PROXY proxy:3128; DIRECT`. */
  resolveProxy(url: string): Promise<string>;
  env?: NodeJS.ProcessEnv;
}

/** The engine gets a small environment of its own: what finds libraries and GPUs, no secrets. */
const passedOn =
  /^(PATH|HOME|USERPROFILE|TEMP|TMP|TMPDIR|SYSTEMROOT|LD_LIBRARY_PATH|LD_PRELOAD|VK_.*|GGML_.*|CUDA_.*|SOFTWARE_GPU_MIB|ATELIER_.*|XDG_.*|LANG)$/i;

export function createDesktopPlatform({ root, app, utilityProcess, secrets, resolveProxy, env = process.env }: DesktopOptions): Platform {
  let started = 0;
  const fork = (entry: string, args: string[], serviceName: string, added: Record<string, string> = {}): UtilityProcess =>
    utilityProcess.fork(path.join(root, entry), args, {
      serviceName,
      stdio: 'pipe',
      env: {
        ...Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => passedOn.test(pair[0]) && pair[1] !== undefined)),
        ...added,
      },
    });
  return {
    shell: 'desktop',
    version: app.getVersion(),
    folders: defaultFolders(env),
    hub: hubFromEnvironment(env),
    secrets,
    systemProxy: async (url) => firstProxy(await resolveProxy(url).catch(() => '')),
    startEngine(env) {
      const serviceName = `engine ${++started}`;
      return engineProcess(fork('dist/electron/engine.js', [], serviceName, env), app, serviceName);
    },
    // llama.cpp cannot read inside the archive.
    tinyModel: path.join(root.replace(/\.asar$/, '.asar.unpacked'), 'e2e/fixtures/tiny-qwen3.5-vl'),
    startSampleHub: () => awaitSampleHub(fork('dist/hub/main.js', ['--fixtures', path.join(root, 'e2e/fixtures')], 'sample hub')),
  };
}

/** The first of Chromium's choices as an address; undefined where it is none, or a kind that Node's requests do not know (SOCKS). */
function firstProxy(choices: string): string | undefined {
  const [, kind, host] = /^\s*(PROXY|HTTPS)\s+([^\s;]+)/.exec(choices) ?? [];
  return host && `${kind === 'HTTPS' ? 'https' : 'http'}://${host}`;
}
