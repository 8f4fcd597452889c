/** What an image projector (mmproj) needs: its tensors, and room to work on the largest picture that it takes. */
import { modelFacts } from '../gguf/facts.ts';
import type { GgufHeader } from '../gguf/header.ts';

/** Projectors that always see their own square size; the others take pictures as they come, up to the engine's cap of tokens. */
const fixedSize = new Set(['mlp', 'mlp_norm', 'ldp', 'ldpv2', 'gemma3', 'gemma3nv', 'idefics3', 'internvl', 'llama4', 'resampler', 'janus_pro', 'cogvlm']);

/**
 * Tokens of the picture that llama.cpp reserves room for when it loads these projectors, whatever the cap (clip.cpp,
 * `set_warmup_n_tokens`); the others less than the cap.
 */
const warmUpTokens: Record<string, number> = { qwen2vl_merger: 46 ** 2, 'qwen2.5vl_merger': 46 ** 2, qwen3vl_merger: 46 ** 2 };

/** Bytes of the weights, exact: the sum of its tensors. */
export const projectorWeights = (header: GgufHeader): number => header.tensors.reduce((bytes, tensor) => bytes + (tensor.bytes ?? 0), 0);

/**
 * Bytes of its work on the largest picture, one of `cap` tokens, with flash attention. Of each patch there live at once, as 32-bit floats, the
 * widths of queries, keys, values and the feed-forward part, or, in a small projector, the pixels, the same unrolled for the
 * first convolution and its result. Within 1 % of llama.cpp on a 27-layer ViT (estimation.md, 1.6) and on the tiny one.
 */
export function imageWork(header: GgufHeader, cap: number): number {
  const { clip } = modelFacts([header]);
  if (!clip?.vision) return 0;
  const tokens = Math.max(cap, warmUpTokens[clip.projectorType] ?? 0);
  const patches = fixedSize.has(clip.projectorType) ? Math.ceil(clip.imageSize / clip.patchSize) ** 2 : tokens * clip.mergeSize ** 2;
  const pixels = 3 * clip.patchSize ** 2;
  const kernel = header.tensors.find(({ name }) => name === 'v.patch_embd.weight');
  const unrolled = (pixels * (kernel?.type === halfFloat ? 2 : 4)) / 4;
  const positions = 4;
  return 4 * patches * Math.max(3 * clip.embeddingLength + clip.feedForwardLength, pixels + unrolled + clip.embeddingLength + positions);
}

/** GGUF's number for F16. */
const halfFloat = 1;
