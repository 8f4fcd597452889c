/** What an image projector (mmproj) needs: its tensors, and room to work on the largest picture that it takes. */
import type { GgufHeader, GgufValue } from '../gguf/header.ts';

/** Image tokens that a projector of changing size takes at most (clip.cpp, `set_limit_image_tokens`); the others 4096. */
const mostImageTokens: Record<string, number> = { pixtral: 1024, lightonocr: 1024, lfm2: 256, gemma4v: 1120, kimivl: 1024 };

/** Projectors that always see their own square size; the others take pictures as they come. */
const fixedSize = new Set(['mlp', 'mlp_norm', 'ldp', 'ldpv2', 'gemma3', 'gemma3nv', 'idefics3', 'internvl', 'llama4', 'resampler']);

/** Bytes of the weights, exact: the sum of its tensors. */
export const projectorWeights = (header: GgufHeader): number => header.tensors.reduce((bytes, tensor) => bytes + (tensor.bytes ?? 0), 0);

/**
 * Bytes of its work on the largest picture, with flash attention: 4 bytes for each patch and each of the widths that are alive
 * at once (queries, keys and values, and the feed-forward part). Measured within 1 % on one 27-layer ViT (estimation.md, 1.6).
 */
export function imageWork(header: GgufHeader): number {
  const number = (key: string, fallback: number): number => finite(header.metadata.get(`clip.vision.${key}`)) ?? fallback;
  const patch = number('patch_size', 14);
  const merge = number('spatial_merge_size', 2);
  const type = String(header.metadata.get('clip.vision.projector_type') ?? header.metadata.get('clip.projector_type') ?? '');
  const patches = fixedSize.has(type) ? Math.ceil(number('image_size', 896) / patch) ** 2 : (mostImageTokens[type] ?? 4096) * merge ** 2;
  return 4 * patches * (3 * number('embedding_length', 1152) + number('feed_forward_length', 4304));
}

const finite = (value: GgufValue | undefined): number | undefined => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined);
