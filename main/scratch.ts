/** Temporary folders named for the process that made them, so that what a killed one left behind can be told and removed. */
import { mkdtempSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isAlive } from './alive.ts';
import type { Platform } from './platform.ts';

/** Makes an empty folder for this process, which removes it when it is done. */
export const makeScratch = (): string => mkdtempSync(path.join(os.tmpdir(), `atelier-${process.pid}-`));

/** Removes the folders of processes that are gone. Never rejects: what another person's process left is not ours to remove. */
export async function sweepScratch(): Promise<void> {
  const names = await readdir(os.tmpdir()).catch(() => []);
  const left = names.filter((name) => {
    const owner = /^atelier-(\d+)-\w{6}$/.exec(name)?.[1];
    return owner !== undefined && !isAlive(Number(owner));
  });
  await Promise.all(left.map((name) => rm(path.join(os.tmpdir(), name), { recursive: true, force: true }).catch(() => {})));
}

/** `start` with what engines leave behind removed: now those of an app that was killed, then each that ends. */
export function sweptAfter(start: Platform['startEngine']): Platform['startEngine'] {
  void sweepScratch();
  return (env) => {
    const process = start(env);
    void process.exited.then(sweepScratch);
    return process;
  };
}
