/** Gets a bare clone ready with whatever Node >= 20 is there: installs what is missing, builds what is stale. No dependencies. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

export const root = path.dirname(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname));

/** The Node 24 that the project brings along. */
export const node = path.join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Says in one line what is going on: on stderr, as a command's answer has stdout for itself. */
export const say = (text) => console.error(`atelier: ${text}`);

/** Output of the steps before a command. */
const aside = ['inherit', 2, 2];

/** Runs a command to its end with its output shown; the exit code. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw error;
  return status ?? 1;
}

/** Runs a command that must succeed, else ends with its exit code. */
export function must(command, args, options) {
  const status = run(command, args, options);
  if (status !== 0) process.exit(status);
}

/** Installs the packages of the lockfile unless exactly those are installed. */
export function install() {
  const stamp = path.join(root, 'node_modules', '.atelier');
  const wanted = createHash('sha256')
    .update(fs.readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted && fs.existsSync(node)) return;
  say('installing packages (about 1.5 GB with every GPU backend; once)');
  must('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], { shell: process.platform === 'win32', stdio: aside });
  if (!fs.existsSync(node)) {
    say(`npm ci left no Node 24 at ${path.relative(root, node)}: allow the install script of the package "node" and try again.`);
    process.exit(1);
  }
  fs.writeFileSync(stamp, wanted);
}

/** Builds what is older than its sources. */
export const build = (...parts) => must(node, ['scripts/build.ts', ...parts], { stdio: aside });
