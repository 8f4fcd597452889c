/** What the built headless shell takes when it holds no model and nobody asks. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { below, residentBytes } from './app.ts';

const entry = path.resolve(import.meta.dirname, '../dist/main/server.js');
const settleMs = 5_000;
const measuredMs = 20_000;
const most = { cores: 0.005, bytes: 350 * 2 ** 20 };

/** Why it cannot be measured here. */
export const noShell = (): string | undefined =>
  process.platform !== 'linux' ? 'measured on Linux only' : existsSync(entry) ? undefined : 'the shell is not built (npm run build main)';

/** Throws where an idle app takes more than it may, or holds a GPU. */
export async function idle(home: string): Promise<string> {
  const child = fork(entry, ['--headless', '--port', '0'], {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, ATELIER_HOME: home, HF_HUB_OFFLINE: '1' },
  });
  try {
    await once(child.stdout!, 'data');
    await sleep(settleMs);
    const pids = (): number[] => [
      child.pid!,
      ...below(child.pid!)
        .filter(({ command }) => !command.startsWith('ps '))
        .map(({ pid }) => pid),
    ];
    const before = pids().reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    await sleep(measuredMs);
    const running = pids();
    const cores = (running.reduce((sum, pid) => sum + cpuSeconds(pid), 0) - before) / (measuredMs / 1000);
    const bytes = running.reduce((sum, pid) => sum + residentBytes(pid), 0);
    const gpu = running.filter((pid) => /libvulkan|libcuda|lvp|libEGL/.test(readFileSync(`/proc/${pid}/maps`, 'utf8')));
    const seen = `${running.length} process${running.length === 1 ? '' : 'es'}, ${(cores * 100).toFixed(2)} % of a core, ${(bytes / 2 ** 20).toFixed(0)} MiB resident, ${gpu.length} with a GPU driver`;
    if (cores > most.cores || bytes > most.bytes || gpu.length > 0) throw new Error(seen);
    return seen;
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

/** Processor time that a process has taken, in seconds. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  // Fields 14 and 15 of proc(5), in hundredths.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
