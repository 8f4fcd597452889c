/** What this machine has: the GPU as llama.cpp sees it, the rest as the operating system says. Runs in the engine process. */
import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Llama } from 'node-llama-cpp';
import type { Hardware } from '../../shared/schemas/hardware.ts';

/** Reads it anew; memory is free at this moment, in bytes, and `disk` is the one that holds `folder` (or will). */
export async function readHardware(llama: Llama, folder: string): Promise<Hardware> {
  const [gpus, vram, disk, ram] = await Promise.all([llama.getGpuDeviceNames(), llama.getVramState(), readDisk(folder), readRam()]);
  return {
    backend: llama.gpu === false ? 'cpu' : llama.gpu,
    gpus,
    vram: { total: vram.total, free: freeVram(llama.gpu, vram), unified: vram.unifiedSize > 0 },
    ram,
    cpu: { name: os.cpus()[0]?.model.trim() || os.arch(), threads: os.availableParallelism() },
    disk,
    llamaCpp: llama.llamaCppRelease.release,
  };
}

/**
 * Free video memory; null where the driver does not tell. A Vulkan driver without memory budgets reports all of the heap
 * as free whatever runs, and no real desktop uses nothing.
 */
export function freeVram(backend: Llama['gpu'], { total, used, free }: { total: number; used: number; free: number }): number | null {
  if (total === 0) return 0;
  return backend === 'vulkan' && used === 0 && free === total ? null : free;
}

/** Linux's free memory leaves out the file cache, which gives way; what is available counts it. */
async function readRam(): Promise<{ total: number; free: number }> {
  const limit = process.constrainedMemory();
  const total = limit > 0 ? Math.min(os.totalmem(), limit) : os.totalmem();
  const available = os.platform() === 'linux' ? availableOf(await readFile('/proc/meminfo', 'utf8').catch(() => '')) : undefined;
  return { total, free: Math.min(total, available ?? os.freemem()) };
}

/** Bytes of `MemAvailable` in the text of /proc/meminfo; undefined on a kernel without it. */
export function availableOf(meminfo: string): number | undefined {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** The disk of `folder`, or of the nearest parent that is there already. */
async function readDisk(folder: string): Promise<{ total: number; free: number }> {
  try {
    const { blocks, bavail, bsize } = await statfs(folder);
    return { total: blocks * bsize, free: bavail * bsize };
  } catch (error) {
    const parent = path.dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw error;
    return readDisk(parent);
  }
}
