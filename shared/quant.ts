/** What a file of a GGUF repository is by its path alone: its role, its quantization, its place among shards. */

type FileRole = 'model' | 'mmproj' | 'draft' | 'imatrix' | 'lora' | 'other';

export interface FileName {
  role: FileRole;
  /** `Q4_K_M`, `UD-Q4_K_XL`, ...; absent where the name does not tell. */
  label?: string;
  /** `3.57bpw`: tells files of one label apart. */
  variant?: string;
  /** Count from 1. Files with the same group are one item. */
  shard?: { index: number; count: number; group: string };
  /** Why the bundled llama.cpp cannot run it. */
  unsupported?: 'ik' | 'removed' | 'bigEndian' | 'byteSplit';
  /** Named after a draft model (`-MTP-`, `-DFlash-`), yet it may be a whole one: size or header decides. */
  maybeDraft?: boolean;
  /** `i1` and `imat` (made with an importance matrix), `smol`, `qat` (trained for its quantization). */
  modifiers: string[];
}

const gguf = /\.gguf$/i;
const shardSuffix = /(?:-split)?-(\d{5})-of-(\d{5})\.gguf$/i;
const byteSplit = /\.gguf(?:\.part\d+of\d+|\.\d+of\d+|-split-[a-z]+)$/i;
const tokens =
  /(?<=^|[-._/])(?:(?:UD-)?(?:I?Q\d_(?:\d(?:_[48]_[48])?|K|KS|KSS|KL|KT|XXS|XS|S|M|NL)(?:_(?:XXS|XS|S|M|L|XL|P))?(?:_R\d+)?|TQ[12]_0|MXFP4(?:_MOE)?|NVFP4|BF16|FP?16|FP?32)|APEX(?:-I)?-(?:Quality|Balanced|Compact|Mini))(?=$|[-._])/gi;
const draftWord = 'mtp|dspark|dflash|eagle3|draft';
const draftName = new RegExp(`^(?:${draftWord})-|-(?:eagle3|dspark|draft)(?=[-.]|$)`, 'i');
const draftFolder = new RegExp(`^(?:${draftWord})$`, 'i');

/** Parses a path of a repository (`/` between folders). Rules: protocol 4.2 to 4.4; the header, once read, knows better. */
export function parseFileName(path: string): FileName {
  const folders = path.split('/');
  const name = folders.pop() ?? '';
  const folder = folders.at(-1) ?? '';
  if (name.startsWith('._')) return { role: 'other', modifiers: [] };
  if (/(?:^|[-._])imatrix(?:_unsloth)?\.(?:gguf|dat|gguf_file)$/i.test(name)) return { role: 'imatrix', modifiers: [] };
  if (byteSplit.test(name)) return { role: 'other', unsupported: 'byteSplit', modifiers: [] };
  if (!gguf.test(name) || /^ggml-vocab-/i.test(name)) return { role: 'other', modifiers: [] };

  const split = shardSuffix.exec(name);
  const stem = split ? name.slice(0, split.index) : name.replace(gguf, '');
  const role = roleOf(stem, folder);
  const label = findLabel(stem) ?? findLabel(folder);
  const unsupported = unsupportedBy(name, label);
  const variant = /(?:^|[-_.])(\d+\.\d+bpw)$/i.exec(stem)?.[1];
  return {
    role,
    modifiers: [...stem.matchAll(/(?<=^|[-._])(?:i1|imat|smol|qat)(?=$|[-._])/gi)].map(([word]) => word.toLowerCase()),
    ...(label && { label }),
    ...(variant && { variant }),
    ...(split && { shard: { index: Number(split[1]), count: Number(split[2]), group: [...folders, `${stem}-of-${split[2]}`].join('/') } }),
    ...(unsupported && { unsupported }),
    ...(role === 'model' && /-(?:dflash\d*|mtp)(?=[-.]|$)/i.test(stem) && { maybeDraft: true }),
  };
}

function roleOf(stem: string, folder: string): FileRole {
  if (/mmproj/i.test(stem)) return 'mmproj';
  if (/^lora-|-lora$/i.test(stem)) return 'lora';
  if (draftName.test(stem) || draftFolder.test(folder)) return 'draft';
  return 'model';
}

/** The last label that is not a float, else the last: in `...-F32-Q2_K` the F32 is what the output layer was kept in. */
function findLabel(text: string): string | undefined {
  const found = [...text.matchAll(tokens)].map(([token]) =>
    /^apex/i.test(token) ? token.replace(/^apex/i, 'APEX') : token.toUpperCase().replace(/^FP(?=16|32)/, 'F'),
  );
  return found.findLast((label) => !isFloat(label)) ?? found.at(-1);
}

const isFloat = (label: string): boolean => /^(?:UD-)?(?:BF16|F16|F32)$/.test(label);

function unsupportedBy(name: string, label: string | undefined): FileName['unsupported'] {
  if (/-be(?=\.)|big-endian/i.test(name)) return 'bigEndian';
  if (label === undefined) return undefined;
  if (/^Q4_0_[48]_[48]$/.test(label)) return 'removed';
  return /^IQ\d_K|_KT|_R\d+$/.test(label) ? 'ik' : undefined;
}

/**
 * Labels, best first, with their bits per weight in a whole file. Order: divergence from F16 of Llama-3-8B (llama.cpp,
 * tools/perplexity/README.md), neighbours where it was not measured; bits: Llama-3.1-8B (tools/quantize/README.md), else the main tensor type.
 */
const ladder: [label: string, bits: number][] = [
  ['F32', 32],
  ['BF16', 16],
  ['F16', 16],
  ['Q8_K_XL', 9.21],
  ['Q8_K_L', 8.21],
  ['Q8_0_L', 8.5],
  ['Q8_0', 8.5],
  ['Q6_K_XL', 7.41],
  ['Q6_K_L', 6.56],
  ['Q6_K_M', 6.56],
  ['Q6_K', 6.56],
  ['Q6_K_S', 6.56],
  ['Q5_K_XL', 6.11],
  ['Q5_K_L', 5.7],
  ['Q5_K_M', 5.7],
  ['Q5_K', 5.7],
  ['Q5_K_S', 5.57],
  ['Q5_1', 6],
  ['Q5_0', 5.5],
  ['Q4_K_XL', 5.14],
  ['Q4_K_L', 4.89],
  ['Q4_K_M', 4.89],
  ['Q4_K_P', 4.89],
  ['Q4_K', 4.89],
  ['Q4_K_S', 4.67],
  ['IQ4_NL', 4.68],
  ['IQ4_XS', 4.46],
  ['MXFP4_MOE', 4.25],
  ['MXFP4', 4.25],
  ['NVFP4', 4.5],
  ['Q4_1', 5],
  ['Q4_0', 4.5],
  ['Q3_K_XL', 3.85],
  ['Q3_K_L', 4.3],
  ['Q3_K_M', 4],
  ['IQ3_M', 3.76],
  ['IQ3_S', 3.66],
  ['Q3_K', 4],
  ['IQ3_XS', 3.5],
  ['IQ3_XXS', 3.25],
  ['Q3_K_S', 3.64],
  ['Q2_K_XL', 2.88],
  ['Q2_K_L', 3.16],
  ['IQ2_M', 2.93],
  ['Q2_K', 3.16],
  ['Q2_K_S', 2.97],
  ['IQ2_S', 2.74],
  ['IQ2_XS', 2.59],
  ['IQ2_XXS', 2.38],
  ['TQ2_0', 2.06],
  ['Q2_0', 2.25],
  ['IQ1_M', 2.15],
  ['TQ1_0', 1.69],
  ['IQ1_S', 2],
  ['Q1_0', 1.125],
];

const base = (label: string): string => label.replace(/^UD-/, '');

/** Bits per weight that a label usually has; a file's own size and parameter count are the truth. */
export function nominalBits(label: string): number | undefined {
  return ladder.find(([known]) => known === base(label))?.[1];
}

/** Of one file or group of them. */
export interface Quality {
  label?: string | undefined;
  /** By size, where it is known: places a label that no list has. */
  bitsPerWeight?: number | undefined;
  /** Trained for its quantization: its Q4_0 is better than Q4_K_M. */
  qat?: boolean | undefined;
}

/** Sorts best first. */
export function compareQuality(a: Quality, b: Quality): number {
  return rank(a) - rank(b) || (b.bitsPerWeight ?? 0) - (a.bitsPerWeight ?? 0);
}

function rank({ label = '?', bitsPerWeight, qat }: Quality): number {
  const place = ladder.findIndex(([known]) => known === (qat && label === 'Q4_0' ? 'Q4_K_M' : base(label)));
  if (place >= 0) return place - (qat && label === 'Q4_0' ? 0.6 : label.startsWith('UD-') ? 0.5 : 0);
  const byBits = ladder.findIndex(([, bits]) => bitsPerWeight !== undefined && bits <= bitsPerWeight);
  return byBits >= 0 ? byBits - 0.1 : ladder.length;
}
