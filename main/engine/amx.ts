/** Matrix units of Intel's server processors, which llama.cpp uses by itself and wrongly where a hybrid model gives several answers at once. */
import { readFileSync } from 'node:fs';
import os from 'node:os';

let found: boolean | undefined;

/**
 * Whether this processor has AMX. llama.cpp v0.5.0 multiplies only the first sequence of several by weights that lie in its AMX
 * buffers (seen with Qwen3.5: the second answer is garbage, and right with `--no-repack` or on processors without AMX). Linux tells; elsewhere every Xeon may.
 */
export function hasAmx(): boolean {
  found ??= process.arch === 'x64' && look();
  return found;
}

/** Whether llama-server may not use it for a model with `stateBytes` of recurrent state, and so leaves the weights as they are in the file. */
export const mayNotRepack = ({ slots = 1 }: { slots?: number | undefined }, stateBytes: number): boolean => slots > 1 && stateBytes > 0 && hasAmx();

function look(): boolean {
  try {
    return /^flags\s*:.*\bamx_/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return /xeon/i.test(os.cpus()[0]?.model ?? '');
  }
}
