/** `npm test`: everything that must hold, from a bare clone: types, lint, dead code, unit tests and end-to-end tests. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { electronBinary } from './electron.mjs';
import { build, install, node, root, run, say } from './prepare.mjs';

install();
await systemPackages();
build('main', 'renderer', 'hub', 'electron');
run(node, ['scripts/visionEngine.ts']);

const reports = fs.mkdtempSync(path.join(os.tmpdir(), 'atelier-test-'));
// One thread for the model: with all of them, llama.cpp's threads spin for cores that the browser has.
const env = { ...process.env, ATELIER_ELECTRON: electronBinary() ?? '', ATELIER_THREADS: '1' };
const failedSteps = [];
const step = (name, command, args, options) => {
  say(name);
  const status = run(command, args, { env, ...options });
  if (status !== 0) failedSteps.push(name);
  return status;
};
const bin = (name) => path.join(root, 'node_modules', '.bin', name);
const shell = process.platform === 'win32';

for (const folder of ['shared', 'main', 'renderer', 'electron', 'e2e', 'scripts', 'bench', 'faults'])
  step(`type check of ${folder}`, bin('tsc'), ['-p', folder], { shell });
step('lint', bin('biome'), ['check', '--error-on-warnings', '.'], { shell });
step('dead code', bin('knip'), [], { shell });

const unit = path.join(reports, 'unit.json');
step('unit tests', bin('vitest'), ['run', '--reporter=dot', '--reporter=json', `--outputFile.json=${unit}`], { shell });
const e2e = path.join(reports, 'e2e.json');
step('end-to-end tests', bin('playwright'), ['test', '-c', 'e2e/playwright.config.ts', '--reporter=list,json'], {
  shell,
  env: { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: e2e },
});
if (!env.ATELIER_ELECTRON) say('SKIPPED: end-to-end tests in the Electron window, because its binary is not installed');

const counts = { passed: 0, failed: 0, skipped: 0 };
count(unit, ({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults }) => {
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  return [numPassedTests, numFailedTests + brokenFiles, numPendingTests + numTodoTests];
});
count(e2e, ({ stats }) => [stats.expected + stats.flaky, stats.unexpected, stats.skipped]);
fs.rmSync(reports, { recursive: true });

for (const name of failedSteps) say(`FAILED: ${name}`);
const otherFailures = failedSteps.filter((name) => !name.endsWith('tests')).length;
console.log(`${counts.passed} passed, ${counts.failed + otherFailures} failed, ${counts.skipped} skipped`);
process.exit(failedSteps.length > 0 || counts.failed > 0 ? 1 : 0);

/** Adds a report's [passed, failed, skipped]; a report that is missing is a failure. */
function count(file, read) {
  const [passed, failed, skipped] = fs.existsSync(file) ? read(JSON.parse(fs.readFileSync(file, 'utf8'))) : [0, 1, 0];
  counts.passed += passed;
  counts.failed += failed;
  counts.skipped += skipped;
}

/** Brings the browser for the end-to-end tests, and on Debian the software Vulkan card that the memory tests plan for. */
async function systemPackages() {
  const debian = fs.existsSync('/usr/bin/apt-get') && process.getuid?.() === 0;
  if (debian) {
    const wanted = {
      chromium: '/usr/bin/chromium',
      'mesa-vulkan-drivers': '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json',
      'libvulkan-dev': '/usr/include/vulkan/vulkan.h',
    };
    const missing = Object.entries(wanted).filter(([, file]) => !fs.existsSync(file) && !fs.existsSync(file.replace('.x86_64', '')));
    if (missing.length === 0) return;
    say(`installing ${missing.map(([name]) => name).join(', ')}`);
    const quiet = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    run('apt-get', ['update', '-qq'], quiet);
    if (run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing.map(([name]) => name)], quiet) !== 0)
      say('some could not be installed; tests that need them say so');
  } else if (!['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].some((file) => fs.existsSync(file))) {
    run(path.join(root, 'node_modules', '.bin', 'playwright'), ['install', 'chromium'], { shell: process.platform === 'win32' });
  }
}
