/** How large a picture is sent: what the model can use, never more than the original. */

/** Pixels of the longest side. */
const longestSide = 2048;
/** Image tokens; llama.cpp spends one for each block of 32 x 32 pixels, begun ones included (fixtures/tiny-qwen3.5-vl/README.md). */
export const tokenBudget = 1024;
/** Pixels of one side of a token's block. */
const block = 32;

export interface Size {
  width: number;
  height: number;
}

/** Image tokens that a picture of this size (pixels) costs. */
export const tokens = ({ width, height }: Size): number => Math.ceil(width / block) * Math.ceil(height / block);

/** The largest size of the same shape within both limits; the size itself where it already is. Pixels, at least 1 x 1. */
export function sentSize(size: Size): Size {
  const longest = Math.max(size.width, size.height);
  const area = Math.sqrt((tokenBudget * block * block) / (size.width * size.height));
  // An area within the budget may still begin too many blocks: shrink by single pixels until it does not.
  for (let side = Math.min(longest, longestSide, Math.ceil(longest * area)); ; side--) {
    const scale = side / longest;
    const sent = { width: Math.max(1, Math.round(size.width * scale)), height: Math.max(1, Math.round(size.height * scale)) };
    if (tokens(sent) <= tokenBudget) return sent;
  }
}
