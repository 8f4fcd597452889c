/** How much of a model's quality a quantization keeps, in a word. */
import type { Quantization } from '../../../shared/schemas/hub.ts';

export type Quality = 'original' | 'lossless' | 'nearLossless' | 'veryGood' | 'good' | 'fair' | 'poor' | 'unknown';

/** By the bits in its label (`Q4_K_M`, `UD-IQ3_XXS`, `BF16`), else by its bits per weight. */
export function qualityOf({ label, bitsPerWeight }: Pick<Quantization, 'label' | 'bitsPerWeight'>): Quality {
  if (/(^|[-_])(B?F16|F32)$/i.test(label)) return 'original';
  if (/MXFP4|NVFP4/i.test(label)) return 'good';
  const digit = /I?Q(\d)(?:_|$)/i.exec(label)?.[1] ?? (/TQ\d/i.test(label) ? '1' : undefined);
  const bits = digit === undefined ? bitsPerWeight : Number(digit);
  if (bits === undefined) return 'unknown';
  if (bits >= 8) return 'lossless';
  if (bits >= 6) return 'nearLossless';
  if (bits >= 5) return 'veryGood';
  if (bits >= 4) return 'good';
  return bits >= 3 ? 'fair' : 'poor';
}
