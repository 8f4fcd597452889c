/** `npm run atelier -- ...`: installs and builds what is missing, then runs the command line. Only its answer goes to stdout. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { build, install, node, root } from './prepare.mjs';

install();
build('main');

// npm goes to the project's folder; a file is named from where the person is.
const cwd = process.env.INIT_CWD ?? process.cwd();
const child = spawn(node, [path.join(root, 'dist/main/cli.js'), ...process.argv.slice(2)], { stdio: 'inherit', cwd });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
