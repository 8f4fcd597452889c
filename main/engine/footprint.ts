/** The memory that an engine holds, and what came back of it. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Running } from './attempt.ts';

const run = promisify(execFile);

/** Bytes of resident memory of `pid` and its descendants; undefined on Windows and where `ps` is missing. */
async function footprint(pid: number): Promise<number | undefined> {
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

/** Ms that an ejection waits to hear how much video memory was free before it. */
const lookMs = 1_000;

interface Look {
  ram: number | undefined;
  freeVideo: number | undefined;
}

/** What a running engine holds, in bytes, and how much video memory is free beside it, where it uses any and the driver tells in time. */
export async function look({ process, model }: Running, freeVideo: () => Promise<number | undefined>): Promise<Look> {
  const [ram, free] = await Promise.all([
    process.pid === undefined ? undefined : footprint(process.pid),
    model.layers.onGpu > 0 ? Promise.race([freeVideo(), sleep(lookMs, undefined, { ref: false })]) : undefined,
  ]);
  return { ram, freeVideo: free };
}

/** Bytes that came back since `before`, once the engine is gone: all of its RAM, and what the driver has more of. */
export async function cameBack(before: Look | undefined, freeVideo: () => Promise<number | undefined>): Promise<{ ram: number; gpu?: number } | undefined> {
  if (before?.ram === undefined) return undefined;
  const after = before.freeVideo === undefined ? undefined : await freeVideo();
  return { ram: before.ram, ...(after !== undefined && before.freeVideo !== undefined && { gpu: Math.max(0, after - before.freeVideo) }) };
}
