/** Contexts beyond the one that a model was made for: whether the rotations that tell it positions can be slowed down. */
import type { RopeWay } from '../../shared/schemas/memory.ts';
import type { GgufHeader } from './header.ts';

export interface Stretch {
  /** How it can be done, the better way first. */
  ways: RopeWay[];
  /** Tokens that the model was made for. */
  trained: number;
  /** Tokens that its rotations were made for, before a stretch that is its own. */
  original: number;
  /** The stretch that is its own; 1: none. */
  factor: number;
}

/** Architectures without rotations (llama-model.cpp, `LLAMA_ROPE_TYPE_NONE`), some of which carry keys of them all the same. */
const without = new Set(
  'gpt2 gptj mpt refact bloom mamba mamba2 jamba jina-bert-v2 t5 t5encoder jais rwkv6 rwkv6qwen2 rwkv7 arwkv7 wavtokenizer-dec nemotron_h nemotron_h_moe kimi-linear kimi_k3'.split(
    ' ',
  ),
);

/** Undefined for a model whose positions are no rotations, or each slowed down by a table of its own already. */
export function stretchOf({ metadata, tensors }: Pick<GgufHeader, 'metadata' | 'tensors'>): Stretch | undefined {
  const architecture = String(metadata.get('general.architecture') ?? '');
  const of = (key: string): unknown => metadata.get(`${architecture}.${key}`);
  const number = (key: string): number | undefined => {
    const value = Number(of(key) ?? 0);
    return Number.isFinite(value) && value > 0 ? value : undefined;
  };
  const trained = number('context_length');
  const rotates = number('rope.freq_base') !== undefined || number('rope.dimension_count') !== undefined;
  if (trained === undefined || !rotates || without.has(architecture) || tensors.some(({ name }) => /rope_(freqs|factors)/.test(name))) return undefined;
  const factor = number('rope.scaling.factor') ?? number('rope.scale_linear') ?? 1;
  const own = of('rope.scaling.type') ?? 'linear';
  if (factor <= 1) return { ways: ['yarn', 'linear'], trained, original: trained, factor: 1 };
  const original = number('rope.scaling.original_context_length') ?? trained / factor;
  return own === 'yarn' || own === 'linear' ? { ways: [own], trained, original, factor } : undefined;
}

/** How many times slower the rotations must be for `contextSize` tokens, in quarters. */
export function stretchFactor({ trained, original, factor }: Stretch, way: RopeWay, contextSize: number): number {
  return way === 'yarn' ? quarters(contextSize / original) : factor * quarters(contextSize / trained);
}

const quarters = (ratio: number): number => Math.ceil(ratio * 4) / 4;
