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

/** What a picture takes while it is looked at, in bytes. */
export interface ImageWork {
  /** Where the projector lies. */
  compute: number;
  /** In RAM, before it is handed to a projector that lies on the GPU. */
  handed: number;
}

/**
 * The work on the largest picture, one of `cap` tokens, with flash attention, as llama-server reserves it. Of each patch there live at once some
 * 32-bit floats. For Qwen's projectors, within 0.02 MiB of what llama.cpp v0.5.0 says (docs/memory.md); for others the widths of queries, keys, values and
 * the feed-forward part, or, in a small one, the pixels, the same unrolled for the first convolution and its result (estimation.md, 1.6).
 */
export function imageWork(header: GgufHeader, cap: number, onGpu: boolean): ImageWork {
  const { clip } = modelFacts([header]);
  if (!clip?.vision) return { compute: 0, handed: 0 };
  const { projectorType, imageSize, patchSize, mergeSize, embeddingLength: width, feedForwardLength } = clip;
  const tokens = Math.max(cap, warmUpTokens[projectorType] ?? 0);
  const patches = fixedSize.has(projectorType) ? Math.ceil(imageSize / patchSize) ** 2 : tokens * mergeSize ** 2;
  const pixels = 3 * patchSize ** 2;
  const positions = 4;
  const bytes = (floats: number): number => 4 * patches * floats;
  const handed = onGpu ? bytes(pixels + positions) : 0;
  if (projectorType === 'qwen3vl_merger') {
    const pictures = onGpu ? 2 * pixels : 0;
    return { compute: bytes(Math.max(attention(width, pixels), feedForwardLength + pixels, pictures) + positions), handed };
  }
  const kernel = header.tensors.find(({ name }) => name === 'v.patch_embd.weight');
  const unrolled = (pixels * (kernel?.type === halfFloat ? 2 : 4)) / 4;
  return { compute: bytes(Math.max(3 * width + feedForwardLength, pixels + unrolled + width + positions)), handed };
}

/** Floats of a patch in a layer's attention; what the pixels took is used again for what is small enough for it. */
function attention(width: number, pixels: number): number {
  if (1.5 * width <= pixels) return 6.5 * width;
  return (width <= pixels ? 5.5 : 6) * width + pixels;
}

/** GGUF's number for F16. */
const halfFloat = 1;
