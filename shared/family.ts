/** Which family and size a model is of, by its own name and that of the model it was made from. */
import type { ModelSummary } from './schemas/hub.ts';

/** A family with its sizes, the largest first; in each the repositories that offer it, most downloaded first. */
export interface Family {
  name: string;
  sizes: FamilySize[];
}

export interface FamilySize {
  /** `9B`; absent where no name tells. */
  size?: string;
  models: ModelSummary[];
}

const sizeToken = /(?<=^|[-_ ])((?:\d{1,2}x)?[AE]?\d{1,4}(?:\.\d{1,3})?[BMT](?:-A\d{1,3}(?:\.\d{1,3})?B|-\d{1,3}E)?)(?=$|[-_ ])/i;
/** The Hub's names have 96 characters at most. */
const longest = 200;

/** What publishers add to a model's name: the format, the way it was trained or quantized. */
const added =
  /[-_. ](?:gguf|ggml|imatrix|imat|i1|instruct|it|chat|base|hf|qat|unquantized|mtp|apex|[fb]f?16|f32|fp8|ud|i?q\d[a-z0-9]*(?:_[a-z0-9]+)*|mxfp4(?:_moe)?|nvfp4)$/i;

/**
 * `{ family: 'Qwen3.5', size: '9B' }` of `bartowski/Qwen_Qwen3.5-9B-GGUF`. `baseModel` is the model that the repository is a
 * quantization of: it tells better than the name, which every publisher writes in his own way.
 */
export function familyOf(name: string, baseModel?: string): { family: string; size?: string } {
  const own = read(name);
  if (baseModel === undefined) return own;
  const base = read(baseModel);
  const size = base.size ?? own.size;
  return { family: base.family, ...(size !== undefined && { size }) };
}

function read(id: string): { family: string; size?: string } {
  const name = withoutPublisher(id.slice(id.lastIndexOf('/') + 1).slice(0, longest));
  const found = sizeToken.exec(name);
  const family = plain(found ? name.slice(0, found.index) : name) || plain(name) || name;
  return { family, ...(found && { size: spelt(found[1]!) }) };
}

/** `Qwen_Qwen3.5-9B`, `Meta-Llama-3.1-8B`: the publisher's name before the model's. */
const withoutPublisher = (name: string): string => name.replace(/^[a-z][a-z-]*_(?=[a-z][^_]*\d)/i, '').replace(/^meta-(?=llama)/i, '');

function plain(text: string): string {
  let rest = text.replace(/[-_. ]+$/, '');
  for (let shorter = rest.replace(added, ''); shorter !== rest; shorter = rest.replace(added, '')) rest = shorter;
  return rest;
}

/** `35b-a3b` is `35B-A3B`, and `8X7b` is `8x7B`. */
const spelt = (size: string): string => size.toUpperCase().replace('X', 'x');

/** Weights that a size's name tells of, in billions: `8x7B` is 56, `35B-A3B` 35. */
export function sizeInBillions(size: string): number {
  const [, times = '1', digits = '0', unit = 'B'] = /^(?:(\d+)x)?[AE]?([\d.]+)([BMT])/.exec(size) ?? [];
  return Number(times) * Number(digits) * { B: 1, M: 0.001, T: 1000 }[unit as 'B' | 'M' | 'T'];
}

/** Groups rows by family and size, the families in the order of their first rows. */
export function groupFamilies(models: readonly ModelSummary[]): Family[] {
  const families = new Map<string, { name: string; sizes: Map<string, ModelSummary[]> }>();
  for (const model of models) {
    const key = model.family.toLowerCase().replaceAll(/[-_ ]/g, '');
    const family = families.get(key) ?? { name: model.family, sizes: new Map() };
    families.set(key, family);
    const size = model.size ?? '';
    family.sizes.set(size, [...(family.sizes.get(size) ?? []), model]);
  }
  return [...families.values()].map(({ name, sizes }) => ({
    name,
    sizes: [...sizes]
      .sort(([a], [b]) => sizeInBillions(b) - sizeInBillions(a))
      .map(([size, found]) => ({ ...(size !== '' && { size }), models: found.toSorted((a, b) => b.downloads - a.downloads) })),
  }));
}
