/** Which programs use the video memory, where the platform tells: Linux's DRM drivers, and NVIDIA's own tool. */
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { VideoProgram } from '../../shared/schemas/hardware.ts';

/** Bytes of video memory that a process has. */
interface Use {
  pid: number;
  name: string;
  bytes: number;
}

/** Less than this says nothing to a person. */
const smallest = 16 * 2 ** 20;

/**
 * Other programs with video memory, those that take most first; empty where nothing tells. Of other people's processes Linux
 * tells nothing. `own` and what it started are left out. `proc` is where the kernel's processes are listed.
 */
export async function readPrograms(own: number, proc = '/proc'): Promise<VideoProgram[]> {
  const uses = [...(await drmUses(proc)), ...nvidiaUses(await nvidiaSmi())];
  const parents = new Map(await Promise.all([...new Set(uses.map(({ pid }) => pid))].map(async (pid) => [pid, await ancestors(proc, pid)] as const)));
  const bytes = new Map<string, number>();
  for (const use of uses) if (!parents.get(use.pid)?.includes(own)) bytes.set(use.name, (bytes.get(use.name) ?? 0) + use.bytes);
  return [...bytes]
    .map(([name, total]) => ({ name, bytes: total }))
    .filter((program) => program.bytes >= smallest)
    .toSorted((a, b) => b.bytes - a.bytes);
}

/** The kernel's own sums by open device (its documentation, gpu/drm-usage-stats); a client is counted once, however often it is open. */
async function drmUses(proc: string): Promise<Use[]> {
  const pids = (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const clients = new Map<string, number>();
      for (const fd of await readdir(path.join(proc, pid, 'fd')).catch(() => [])) {
        const target = await readlink(path.join(proc, pid, 'fd', fd)).catch(() => '');
        if (!target.startsWith('/dev/dri/')) continue;
        const info = drmClient(await readFile(path.join(proc, pid, 'fdinfo', fd), 'utf8').catch(() => ''));
        if (info) clients.set(info.client, info.bytes);
      }
      const bytes = [...clients.values()].reduce((sum, each) => sum + each, 0);
      return bytes > 0 ? [{ pid: Number(pid), name: (await readFile(path.join(proc, pid, 'comm'), 'utf8').catch(() => pid)).trim(), bytes }] : [];
    }),
  );
  return found.flat();
}

/** One device's client and its bytes in video memory, from the text of an fdinfo; undefined where the driver says none. */
export function drmClient(fdinfo: string): { client: string; bytes: number } | undefined {
  const said = new Map([...fdinfo.matchAll(/^(drm-[\w-]+):\s*(.*)$/gm)].map(([, key, value]) => [key!, value!.trim()]));
  const client = said.get('drm-client-id');
  if (client === undefined) return undefined;
  // amdgpu and nouveau say `vram`, xe `vram0`, i915 `local0`; `memory` is the older word for `resident`.
  for (const kind of ['resident', 'memory', 'total']) {
    const regions = [...said].filter(([key]) => new RegExp(`^drm-${kind}-(?:vram|local)\\d*$`).test(key));
    if (regions.length > 0) return { client: `${said.get('drm-pdev')} ${client}`, bytes: regions.reduce((sum, [, value]) => sum + bytesOf(value), 0) };
  }
  return undefined;
}

function bytesOf(value: string): number {
  const [, count, unit] = /^(\d+)(?:\s+(KiB|MiB))?$/.exec(value) ?? [];
  return Number(count ?? 0) * (unit === 'MiB' ? 2 ** 20 : unit === 'KiB' ? 2 ** 10 : 1);
}

const run = promisify(execFile);

/** What the driver's tool says of processes; empty without it. */
async function nvidiaSmi(): Promise<string> {
  return run('nvidia-smi', ['-q', '-d', 'PIDS'], { timeout: 5_000, windowsHide: true }).then(
    ({ stdout }) => stdout,
    () => '',
  );
}

/** Processes in the text of `nvidia-smi -q -d PIDS`. Windows' driver model does not tell their memory: those are left out. */
export function nvidiaUses(text: string): Use[] {
  return text.split(/^\s*Process ID\s*:/m).flatMap((part, index) => {
    const pid = Number(/^\s*(\d+)/.exec(part)?.[1]);
    const command = /^\s*Name\s*:\s*(.+)$/m.exec(part)?.[1]?.trim();
    const mebibytes = /^\s*Used GPU Memory\s*:\s*(\d+) MiB$/m.exec(part)?.[1];
    if (index === 0 || !pid || !command || mebibytes === undefined) return [];
    const program = command.split(' ')[0]!;
    return [{ pid, name: program.split(/[\\/]/).at(-1) || program, bytes: Number(mebibytes) * 2 ** 20 }];
  });
}

/** The process and those that started it. */
async function ancestors(proc: string, pid: number): Promise<number[]> {
  const line: number[] = [];
  for (let at = pid; at > 0 && !line.includes(at); ) {
    line.push(at);
    const stat = await readFile(path.join(proc, String(at), 'stat'), 'utf8').catch(() => '');
    at = Number(/\) \S (\d+)/.exec(stat)?.[1] ?? 0);
  }
  return line;
}
