/** What llama.cpp really allocated, row by row, and the headers that it was measured with. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { KvType } from '../../../shared/schemas/memory.ts';
import { type GgufHeader, parseHeader } from '../../gguf/header.ts';

export interface Allocation {
  model: string;
  contextSize: number;
  kvType: KvType;
  flashAttention: boolean;
  vramBytes: number;
  hostMib: number;
  weightsMib: number;
  kvMib: number;
  stateMib: number;
}

const fixtures = fileURLToPath(new URL('../../../e2e/fixtures/', import.meta.url));

/** Path of a file among the fixtures. */
export const fixture = (name: string): string => fixtures + name;

/** Path of a true-shape header. */
export const headerPath = (model: string): string => fixture(`headers/${model}.gguf`);

/** The parsed header of a whole header file. */
export function header(model: string): GgufHeader {
  const parsed = parseHeader(readFileSync(headerPath(model)), model);
  if ('needs' in parsed) throw new Error(`${model}: the fixture is cut off`);
  return parsed;
}

export const allocations: Allocation[] = readFileSync(fixture('allocations.csv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [model = '', context, kvType, attention, vram, host, weights, kv, state] = line.split(',');
    return {
      model,
      contextSize: Number(context),
      kvType: kvType as KvType,
      flashAttention: attention === 'on',
      vramBytes: Number(vram),
      hostMib: Number(host),
      weightsMib: Number(weights),
      kvMib: Number(kv),
      stateMib: Number(state),
    };
  });
