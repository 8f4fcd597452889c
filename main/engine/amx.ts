/** Matrix units of Intel's server processors, which llama.cpp uses by itself and wrongly where a hybrid model gives several answers at once. */
import { cpSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { wholeFolder } from './wholeFolder.ts';

let found: boolean | undefined;

/** Whether this processor has AMX. Linux tells; elsewhere every Xeon may. */
export function hasAmx(): boolean {
  found ??= process.arch === 'x64' && look();
  return found;
}

function look(): boolean {
  try {
    return /^flags\s*:.*\bamx_/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return /xeon/i.test(os.cpus()[0]?.model ?? '');
  }
}

/**
 * Whether llama-server may not use it for a model with `stateBytes` of recurrent state: llama.cpp v0.5.0 multiplies only the first
 * sequence of several by weights that lie in its AMX buffers (seen with Qwen3.5: the second answer is garbage, and right with the
 * libraries of other processors). Without it the weights take as much as in the file.
 */
export const mayNotUseAmx = ({ slots = 1 }: { slots?: number | undefined }, stateBytes: number): boolean => slots > 1 && stateBytes > 0 && hasAmx();

/** Whether one of llama.cpp's libraries, named after the processor it is for, uses it. */
export const usesAmx = (file: string): boolean => /sapphirerapids|graniterapids/.test(file);

/** llama-server's folder without the libraries that use AMX, so that it takes the next best one: beside `folder`, made once. */
export const withoutAmx = (folder: string): string =>
  wholeFolder(`${folder}-noamx`, (fresh) =>
    cpSync(folder, fresh, { recursive: true, verbatimSymlinks: true, filter: (file) => !usesAmx(path.basename(file)) }),
  );
