/** The processes of an app under test, which a test may slow down or end. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { type App, expect } from './app.ts';

/** Processes below `pid`, itself left out, as lines of `pid command`. */
export function descendants(pid: number): { pid: number; command: string }[] {
  const all = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ pid: Number(match[1]), parent: Number(match[2]), command: match[3]! }));
  const below = (parent: number): typeof all => all.filter((each) => each.parent === parent).flatMap((each) => [each, ...below(each.pid)]);
  return below(pid);
}

/** Lets the model run for 10 of every 150 ms, so that the tiny one answers like a large one; the function it returns ends that. */
export function slowDown(app: App): () => void {
  const servers = descendants(app.pid).filter(({ command }) => command.includes('llama-server'));
  expect(servers).not.toEqual([]);
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const { pid } of servers) if (fs.existsSync(`/proc/${pid}`)) process.kill(pid, name);
  };
  signal('SIGSTOP');
  const timer = setInterval(() => {
    signal('SIGCONT');
    setTimeout(() => timer.hasRef() && signal('SIGSTOP'), 10);
  }, 150);
  return () => {
    clearInterval(timer.unref());
    signal('SIGCONT');
  };
}
