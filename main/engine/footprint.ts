/** The RAM that a process and all below it hold. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Bytes of resident memory of `pid` and its descendants; undefined on Windows and where `ps` is missing. */
export async function footprint(pid: number): Promise<number | undefined> {
  if (process.platform === 'win32') return undefined;
  try {
    const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,rss=']);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number]);
    const kibibytes = (of: number): number => rows.filter(([, parent]) => parent === of).reduce((sum, [child, , rss]) => sum + rss + kibibytes(child), 0);
    const own = rows.find(([id]) => id === pid)?.[2];
    return own === undefined ? undefined : (own + kibibytes(pid)) * 1024;
  } catch {
    return undefined;
  }
}
