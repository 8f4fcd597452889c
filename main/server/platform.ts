/** The headless shell's Platform: folders of the system, secrets from the environment, child processes. */
import { fork, spawn } from 'node:child_process';
import path from 'node:path';
import { forkEngine } from '../engine/fork.ts';
import { defaultFolders } from '../folders.ts';
import { hubFromEnvironment, type Platform } from '../platform.ts';
import { awaitSampleHub } from '../sampleHub.ts';
import { openSecrets } from '../secrets.ts';

/** `root` is the folder that holds dist/ and e2e/fixtures. */
export function createServerPlatform(root: string, version: string, env: NodeJS.ProcessEnv = process.env): Platform {
  const fixtures = path.join(root, 'e2e/fixtures');
  const folders = defaultFolders(env);
  return {
    shell: 'headless',
    version,
    folders,
    secrets: openSecrets(path.join(folders.data, 'secrets.json')),
    hub: hubFromEnvironment(env),
    startEngine: (env = {}) => forkEngine({ entry: path.join(root, 'dist/main/engine.js'), env }),
    tinyModel: path.join(fixtures, 'tiny-qwen3.5-vl'),
    startSampleHub: () => awaitSampleHub(fork(path.join(root, 'dist/hub/main.js'), ['--fixtures', fixtures], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })),
  };
}

/** Opens an address in the person's browser where there is one; says nothing when there is none. */
export function openBrowser(url: string): void {
  const [command, ...args] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[process.platform as string] ?? ['xdg-open'];
  spawn(command!, [...args, url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
