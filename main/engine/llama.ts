/** The one llama.cpp of this process, made when it is first needed. */
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Llama, LlamaOptions } from 'node-llama-cpp';
import { Fault } from '../../shared/result.ts';
import type { LoadSettings } from '../../shared/schemas/memory.ts';
import { registerElectronStub } from './electronStub.ts';
import { createLog, type LlamaLog } from './llamaLog.ts';

/** A model of fewer bytes is as fast with one thread: what a second one computes takes less time than waiting for it. */
const small = 32 * 2 ** 20;

/**
 * Threads to compute with: as many as were `asked` for, else the cores that are really there, one for a model of few `weights`
 * (bytes). Never more than cores: llama.cpp's threads spin at barriers, so one more than are free can make it hundreds of times
 * slower, and node-llama-cpp by itself asks for at least four. On a machine that is busy with other work ATELIER_THREADS asks
 * for fewer.
 */
export function threads(weights = Number.POSITIVE_INFINITY, asked: LoadSettings['threads'] = 'auto'): number {
  const cores = os.availableParallelism();
  if (asked !== 'auto') return Math.min(asked, cores);
  return weights < small ? 1 : Math.min(cores, Number(process.env.ATELIER_THREADS) || cores);
}

/** What llama.cpp of this process wrote. */
export const llamaLog: LlamaLog = createLog((line) => process.stderr.write(`${line}\n`));

/** Settles when a line has come that `wanted` matches; node-llama-cpp hands the log over some ms behind the work. */
export async function logged(wanted: RegExp): Promise<void> {
  for (let waited = 0; waited < 500 && !llamaLog.lines().some((line) => wanted.test(line)); waited += 10) await sleep(10);
}

let made: Promise<Llama> | undefined;

/** llama.cpp with the best backend of this machine, or the one that ATELIER_GPU names (cpu, cuda, vulkan, metal). */
export function llama(): Promise<Llama> {
  made ??= make();
  return made;
}

async function make(): Promise<Llama> {
  if (process.versions.electron) registerElectronStub();
  const asked = process.env.ATELIER_GPU;
  if (asked === 'cpu') return open(false);
  if (asked === 'cuda' || asked === 'vulkan' || asked === 'metal') {
    return open(asked).catch(async (error: unknown) => {
      const { NoBinaryFoundError } = await import('node-llama-cpp');
      throw error instanceof NoBinaryFoundError ? new Fault('engine.noBackend', `${asked} cannot be used here`, { backend: asked }) : error;
    });
  }
  const best = await open('auto');
  // A Vulkan driver without a device still counts as Vulkan to the library.
  if (best.gpu === false || (await best.getGpuDeviceNames()).length > 0) return best;
  await best.dispose();
  return open(false);
}

async function open(gpu: LlamaOptions['gpu'] & {}): Promise<Llama> {
  const { getLlama, LlamaLogLevel } = await import('node-llama-cpp');
  return getLlama({
    gpu,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    maxThreads: threads(),
    logLevel: LlamaLogLevel.info,
    logger: (_level, message) => llamaLog.write(message),
  });
}
