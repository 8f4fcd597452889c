/** A lock between processes: a folder that is made by one and kept fresh while it works. */
import { mkdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const beatMs = 2_000;
/** A lock that nobody freshened for this long belonged to a process that is gone. */
const staleMs = 15_000;

/** Runs `work` while no other process holds `folder`; waits for it as long as it takes. Throws `signal.reason`. */
export async function withLock<T>(folder: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  while (!take(folder)) await sleep(250, undefined, signal ? { signal } : {});
  const beat = setInterval(() => freshen(folder), beatMs);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    rmSync(folder, { recursive: true, force: true });
  }
}

function take(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const age = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
  if (age !== undefined && Date.now() - age > staleMs) rmSync(folder, { recursive: true, force: true });
  return false;
}

function freshen(folder: string): void {
  try {
    utimesSync(folder, new Date(), new Date());
  } catch {
    // Someone took it for stale; the rename at the end of the work decides.
  }
}
