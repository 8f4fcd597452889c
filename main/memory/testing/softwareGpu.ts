/** A process of llama.cpp on a software GPU: Mesa's Vulkan driver made to look like a discrete card of any size. */
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EstimateAnswer, EstimateRequest, LoadPlan } from '../../../shared/contract/control.ts';
import type { Hardware } from '../../../shared/schemas/hardware.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const drivers = '/usr/share/vulkan/icd.d';

/** What the card's process is asked. */
export type GpuRequest = EstimateRequest | 'hardware' | { load: string; plan: LoadPlan };

/** A card of a size, held by a process of its own. */
export interface SoftwareGpu {
  hardware(): Promise<Hardware>;
  /** llama.cpp's answer there, and the milliseconds that it took. */
  ask(request: EstimateRequest): Promise<{ answer: EstimateAnswer; ms: number }>;
  /** Loads a file for real and lets it go: bytes of the buffers that llama.cpp held. */
  load(file: string, plan: LoadPlan): Promise<{ gpu: number; ram: number; ms: number }>;
  end(): Promise<void>;
}

/** Why there is no software GPU on this machine; undefined where there is one. */
export function missing(): string | undefined {
  if (os.platform() !== 'linux') return `the software GPU is Linux only (this is ${os.platform()})`;
  if (!driver()) return `Mesa's software Vulkan driver is not installed (apt-get install mesa-vulkan-drivers)`;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-gpu-'));
  try {
    const { error, stderr } = build(folder);
    if (error) return 'there is no C compiler (cc)';
    return stderr ? `the software GPU does not compile (apt-get install libvulkan-dev): ${stderr.split('\n')[0]}` : undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const build = (folder: string) =>
  spawnSync('cc', ['-shared', '-fPIC', '-O2', '-w', '-o', path.join(folder, 'libsoftware_gpu.so'), here('software_gpu.c'), '-ldl', '-lpthread'], {
    encoding: 'utf8',
  });

function driver(): string | undefined {
  try {
    const name = readdirSync(drivers).find((file) => file.startsWith('lvp_icd'));
    return name && path.join(drivers, name);
  } catch {
    return undefined;
  }
}

/**
 * What a process that shall see a card of `mebibytes` needs in its environment, or so many `cards` of that size, the library for it in
 * `folder`. A `counted` card tells how much of it is free, for all processes that share the folder.
 */
export function cardEnvironment(folder: string, mebibytes: number, { counted = false, cards = 1 } = {}): Record<string, string> {
  build(folder);
  return {
    ...(counted && { SOFTWARE_GPU_USED: path.join(folder, 'used') }),
    LD_PRELOAD: path.join(folder, 'libsoftware_gpu.so'),
    SOFTWARE_GPU_MIB: String(mebibytes),
    GGML_VK_VISIBLE_DEVICES: Array(cards).fill('0').join(','),
    VK_DRIVER_FILES: driver() ?? '',
  };
}

/** Starts a card of `mebibytes`, or several `cards` of that size; questions are answered one after the other. */
export function startSoftwareGpu(mebibytes: number, cards = 1): SoftwareGpu {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-gpu-'));
  const child = fork(here('askChild.ts'), { execArgv: [], env: { ...process.env, ...cardEnvironment(folder, mebibytes, { cards }) } });
  const waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
  child.on('message', (value) => waiting.shift()?.resolve(value));
  child.on('exit', (code) => {
    rmSync(folder, { recursive: true });
    for (const { reject } of waiting) reject(new Error(`the software GPU's process ended (${code})`));
  });
  const call = (request: GpuRequest) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      child.send(request);
    });
  return {
    hardware: () => call('hardware') as Promise<Hardware>,
    ask: (request) => call(request) as Promise<{ answer: EstimateAnswer; ms: number }>,
    load: (file, plan) => call({ load: file, plan }) as Promise<{ gpu: number; ram: number; ms: number }>,
    async end() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}
