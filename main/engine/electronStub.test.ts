/** node-llama-cpp must load inside an Electron utility process, where nothing can be forked. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

/** What such a process looks like to the library: Electron's version, no `electron` to import, and a fork that throws. */
const conditions = `
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
Object.defineProperty(process.versions, 'electron', { value: '45.4.1' });
childProcess.fork = () => { throw new Error('RunAsNode is off'); };
syncBuiltinESMExports();
const answer = await BODY.then((llama) => 'loaded ' + llama.buildType, (error) => error.constructor.name);
console.log(answer);
process.exit();`;

const run = (body: string): string => {
  const args = ['--input-type=module', '--no-warnings', '-e', conditions.replace('BODY', () => body)];
  const env = { ...process.env, ATELIER_GPU: 'cpu', ELECTRON_OVERRIDE_DIST_PATH: import.meta.dirname };
  return execFileSync(process.execPath, args, { encoding: 'utf8', cwd: import.meta.dirname, env, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
};

test('with the stub llama.cpp loads; without it the library finds no binary', () => {
  const ours = JSON.stringify(path.join(import.meta.dirname, 'llama.ts'));
  expect(run(`import(${ours}).then(({ llama }) => llama())`)).toBe('loaded prebuilt');
  expect(run(`import('node-llama-cpp').then(({ getLlama }) => getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false }))`)).toBe(
    'NoBinaryFoundError',
  );
});
