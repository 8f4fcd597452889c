/** Whether a process is there. */
import { readFileSync } from 'node:fs';

/** One that may not be asked is there; one that has ended and that its parent has not collected yet is gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  return !isZombie(pid);
}

/** Orphans stay one for as long as the system's first process takes to notice them: up to seconds in a container. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
