/** What llama.cpp is told of a model's positions in place of what its file says, for both engines alike. */
import type { LoadPlan } from '../../shared/contract/control.ts';
import type { GgufHeader } from '../gguf/header.ts';
import { headerOf } from '../gguf/read.ts';
import { stretchFactor, stretchOf } from '../gguf/stretch.ts';

/** A value of the file's metadata that is replaced. */
export interface Override {
  key: string;
  type: 'int' | 'float' | 'str';
  value: number | string;
}

type Asked = Pick<LoadPlan, 'contextSize' | 'ropeScaling' | 'ropeFreqBase'>;

/** Those that a plan asks for, of the model at `file`. */
export async function positionsOf(file: string, plan: Asked): Promise<Override[]> {
  if ((plan.ropeScaling ?? 'none') === 'none' && plan.ropeFreqBase === undefined) return [];
  return overrides((await headerOf(file)).header, plan);
}

/**
 * A context that the model was made for is not stretched, whatever was asked: slower rotations cost quality on short texts too.
 * Neither is that of a model that cannot be.
 */
export function overrides(header: Pick<GgufHeader, 'metadata' | 'tensors'>, { contextSize, ropeScaling = 'none', ropeFreqBase }: Asked): Override[] {
  const architecture = String(header.metadata.get('general.architecture') ?? '');
  const stretch = stretchOf(header);
  const replaced: Override[] = [];
  const set = (key: string, type: Override['type'], value: number | string): void => void replaced.push({ key: `${architecture}.${key}`, type, value });
  if (ropeFreqBase !== undefined) set('rope.freq_base', 'float', ropeFreqBase);
  if (ropeScaling === 'none' || !stretch?.ways.includes(ropeScaling) || contextSize <= stretch.trained) return replaced;
  // Else llama-server gives no answer more than the model was made for.
  set('context_length', 'int', contextSize);
  set('rope.scaling.type', 'str', ropeScaling);
  set('rope.scaling.factor', 'float', stretchFactor(stretch, ropeScaling, contextSize));
  set('rope.scaling.original_context_length', 'int', stretch.original);
  return replaced;
}

/** As llama-server takes them. */
export const asArguments = (replaced: readonly Override[]): string[] =>
  replaced.length > 0 ? ['--override-kv', replaced.map(({ key, type, value }) => `${key}=${type}:${value}`).join(',')] : [];

/** As node-llama-cpp takes them: nested by the dots of their keys. */
export function asMetadata(replaced: readonly Override[]): object {
  const nested: Record<string, unknown> = {};
  for (const { key, type, value } of replaced) {
    const names = key.split('.');
    const last = names.pop()!;
    let place = nested;
    for (const name of names) {
      place[name] ??= {};
      place = place[name] as Record<string, unknown>;
    }
    // A whole number would go to llama.cpp as an integer, which it refuses where it expects a fraction: this one is the same in 32 bits.
    place[last] = type === 'float' && Number.isInteger(value) ? Number(value) * (1 + 1e-12) : value;
  }
  return nested;
}
