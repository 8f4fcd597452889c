/** How much of a model's quality a quantization keeps: a word, and the published number behind it. */
import { nominalBits, parseFileName } from './quant.ts';
import type { Quantization } from './schemas/hub.ts';

export type QualityWord = 'original' | 'lossless' | 'nearLossless' | 'veryGood' | 'good' | 'fair' | 'poor' | 'unknown';

export interface KeptQuality {
  word: QualityWord;
  /** Mean divergence (Kullback-Leibler) of the next token's probabilities from the float model's: 0 is the same model. */
  kld?: number;
  /** The label that `kld` was measured with, where it is not the one that was asked for: `UD-Q4_K_XL` is judged as `Q4_K_M`. */
  measuredAs?: string;
  /** Where `kld` comes from. */
  source?: string;
}

/** One model of 8B: larger ones lose less, small ones more. Wikitext-2, against F16. */
const source = 'llama.cpp tools/perplexity, Llama-3-8B';

/**
 * KLD by label: plain, and with an importance matrix of 10 million tokens. From the scoreboard "LLaMA 3 8b" of llama.cpp's
 * tools/perplexity/README.md at de3ff815 (its revision f364eb6f, CUDA).
 */
const measured: Record<string, { plain?: number; imatrix?: number }> = {
  Q8_0: { plain: 0.001355 },
  Q6_K: { plain: 0.005452 },
  Q5_K_M: { plain: 0.010762 },
  Q5_K_S: { plain: 0.016595 },
  Q5_1: { plain: 0.018045 },
  Q5_0: { plain: 0.022239 },
  Q4_K_M: { plain: 0.031273, imatrix: 0.028152 },
  Q4_K_S: { plain: 0.043136, imatrix: 0.031951 },
  IQ4_NL: { imatrix: 0.035742 },
  IQ4_XS: { imatrix: 0.036334 },
  Q4_1: { plain: 0.071683 },
  Q4_0: { plain: 0.07194 },
  Q3_K_L: { plain: 0.087176, imatrix: 0.073077 },
  Q3_K_M: { plain: 0.101913, imatrix: 0.084358 },
  IQ3_M: { imatrix: 0.102534 },
  IQ3_S: { imatrix: 0.111278 },
  IQ3_XS: { imatrix: 0.138693 },
  IQ3_XXS: { imatrix: 0.183625 },
  Q3_K_S: { plain: 0.228217, imatrix: 0.199821 },
  IQ2_M: { imatrix: 0.325989 },
  Q2_K: { plain: 0.445132, imatrix: 0.332223 },
  Q2_K_S: { imatrix: 0.40336 },
  IQ2_S: { imatrix: 0.439197 },
  IQ2_XS: { imatrix: 0.54629 },
  IQ2_XXS: { imatrix: 0.812022 },
  IQ1_M: { imatrix: 1.393084 },
  IQ1_S: { imatrix: 2.254554 },
};

/** Publishers' own mixes and short forms, by the measured label that most of their tensors have. */
const nearest: Record<string, string> = {
  Q8_K_XL: 'Q8_0',
  Q8_K_L: 'Q8_0',
  Q8_0_L: 'Q8_0',
  Q6_K_XL: 'Q6_K',
  Q6_K_L: 'Q6_K',
  Q6_K_M: 'Q6_K',
  Q6_K_S: 'Q6_K',
  Q5_K_XL: 'Q5_K_M',
  Q5_K_L: 'Q5_K_M',
  Q5_K: 'Q5_K_M',
  Q4_K_XL: 'Q4_K_M',
  Q4_K_L: 'Q4_K_M',
  Q4_K_P: 'Q4_K_M',
  Q4_K: 'Q4_K_M',
  Q3_K_XL: 'Q3_K_L',
  Q3_K: 'Q3_K_M',
  Q2_K_XL: 'Q2_K',
  Q2_K_L: 'Q2_K',
};

/** Words by the most KLD and by the fewest bits per weight that earn them; the bits are where the measured labels change words. */
const words: [word: QualityWord, kld: number, bits: number][] = [
  ['lossless', 0.003, 8],
  ['nearLossless', 0.008, 6.2],
  ['veryGood', 0.025, 5.3],
  ['good', 0.06, 4.2],
  ['fair', 0.2, 3.2],
];

/**
 * What is known of a quantization's quality: by its label's published KLD, else by its bits per weight. `imatrix` and `qat` are
 * `badgesOf` its file. A Q4_0 that the model was trained for (QAT) ranks above Q4_K_M (protocol 4.5); no number was published.
 */
export function qualityOf(of: { label: string; bitsPerWeight?: number | undefined; imatrix?: boolean | undefined; qat?: boolean | undefined }): KeptQuality {
  const label = of.label.replace(/^UD-/, '');
  if (/^(?:BF16|F16|F32)$/.test(label)) return { word: 'original' };
  if (of.qat && label === 'Q4_0') return { word: 'veryGood' };
  const measuredAs = nearest[label] ?? label;
  const klds = measured[measuredAs];
  if (!klds) return { word: wordByBits(nominalBits(label) ?? of.bitsPerWeight) };
  // Unsloth makes its dynamic mixes with an importance matrix, without which 2 bits and fewer are not made at all.
  const imatrix = of.imatrix ?? of.label !== label;
  const kld = (imatrix ? (klds.imatrix ?? klds.plain) : (klds.plain ?? klds.imatrix))!;
  return { word: words.find(([, most]) => kld <= most)?.[0] ?? 'poor', kld, ...(measuredAs !== of.label && { measuredAs }), source };
}

/** The same of a quantization as the Hub lists it, with what its file's name tells. */
export function quantizationQuality({ id, label, bitsPerWeight }: Pick<Quantization, 'id' | 'label' | 'bitsPerWeight'>): KeptQuality {
  const badges = badgesOf(id);
  return qualityOf({ label, bitsPerWeight, qat: badges.includes('qat'), imatrix: badges.includes('imatrix') || undefined });
}

function wordByBits(bits: number | undefined): QualityWord {
  if (bits === undefined) return 'unknown';
  return words.find(([, , fewest]) => bits >= fewest)?.[0] ?? 'poor';
}

/** How a file was made, by its name. */
export type Badge = 'imatrix' | 'dynamic' | 'qat' | 'mxfp4';

/** The badges of a quantization by its path on the Hub or on disk: made with an importance matrix, layer by layer (`UD-`), trained for it, MXFP4. */
export function badgesOf(path: string): Badge[] {
  const { label = '', modifiers } = parseFileName(path);
  const has: Record<Badge, boolean> = {
    imatrix: modifiers.includes('i1') || modifiers.includes('imat'),
    dynamic: label.startsWith('UD-'),
    qat: modifiers.includes('qat'),
    mxfp4: label.includes('MXFP4'),
  };
  return (Object.keys(has) as Badge[]).filter((badge) => has[badge]);
}
