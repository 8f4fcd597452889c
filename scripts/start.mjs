/** `npm start`: installs and builds what is missing, then opens Atelier in its window, or in a browser where there is no Electron. */
import { spawn } from 'node:child_process';
import { downloadElectron, electronBinary } from './electron.mjs';
import { build, install, node, root, say } from './prepare.mjs';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(`npm start -- [options]
  --headless   never open a window; print the address to open in a browser
  --port N     port of the headless shell (default: a free one)
  --host H     address that it listens on (default 127.0.0.1)
  --sample     use the built-in sample hub instead of Hugging Face`);
  process.exit(0);
}

install();
const headless = args.includes('--headless');
const electron = headless ? undefined : (electronBinary() ?? (await downloadElectron()));
if (!headless && !electron) say('no Electron binary here, so the same app opens in your browser');
build('renderer', 'hub', electron ? 'electron' : 'main');

const child = electron
  ? spawn(electron, [root, ...args], { cwd: root, stdio: 'inherit' })
  : spawn(node, ['dist/main/server.js', ...args, ...(headless ? [] : ['--open'])], { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
