/** Finds Electron's binary, or brings it where it can be downloaded; the npm package holds none. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { node, root, say } from './prepare.mjs';

const home = path.join(root, 'node_modules', 'electron');

/** Path of the executable where it is installed, else undefined. */
export function electronBinary() {
  const pathFile = path.join(home, 'path.txt');
  if (!fs.existsSync(pathFile)) return undefined;
  const binary = path.join(home, 'dist', fs.readFileSync(pathFile, 'utf8'));
  return fs.existsSync(binary) ? binary : undefined;
}

/** Downloads the binary when its server answers within three seconds; the path, or undefined. */
export async function downloadElectron() {
  const reachable = await fetch('https://github.com', { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(3000) }).then(
    () => true,
    () => false,
  );
  if (!reachable) return undefined;
  say('downloading Electron (once)');
  spawnSync(node, [path.join(home, 'install.js')], { stdio: 'inherit' });
  return electronBinary();
}
