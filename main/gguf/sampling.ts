/** How the makers of a model recommend to draw its words. */
import { type Sampling, sampling } from '../../shared/schemas/sampling.ts';
import type { GgufHeader } from './header.ts';

/** llama.cpp's keys (src/llama-arch.cpp, LLM_KV_GENERAL_SAMPLING_*); those of samplers that are not offered here are left out. */
const keys = {
  temperature: 'general.sampling.temp',
  topK: 'general.sampling.top_k',
  topP: 'general.sampling.top_p',
  minP: 'general.sampling.min_p',
  repeatPenalty: 'general.sampling.penalty_repeat',
} as const;

/** What the metadata recommends; undefined where it recommends nothing. A value out of its range is no recommendation. */
export function recommendedSampling(metadata: GgufHeader['metadata']): Sampling | undefined {
  const found: Sampling = {};
  for (const [name, key] of Object.entries(keys) as [keyof typeof keys, string][]) {
    const value = metadata.get(key);
    if (typeof value !== 'number') continue;
    // 32-bit numbers: 0.95 is written as 0.949999988…
    const parsed = sampling.shape[name].safeParse(Number(value.toPrecision(6)));
    if (parsed.success && parsed.data !== undefined) found[name] = parsed.data;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}
