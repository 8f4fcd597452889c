/** Groups a repository's files into what a person can choose: one item per quantization, one projector for all. */
import { compareQuality, nominalBits, parseFileName } from '../../shared/quant.ts';
import type { HubFile, Quantization } from '../../shared/schemas/hub.ts';
import type { NamedFile } from './tree.ts';

/** More shards than any real model; "special split" repositories have one per tensor (protocol 4.3). */
const maxShards = 100;

/** Quantizations, best quality first; of two with one label the one in fewer files. `parameters` is the model's weight count, where the Hub tells it. */
export function groupQuantizations(files: readonly NamedFile[], parameters: number | undefined): Quantization[] {
  const groups = new Map<string, NamedFile[]>();
  for (const item of files) {
    const { role, unsupported, shard } = item.name;
    if (role !== 'model' && unsupported !== 'byteSplit') continue;
    const key = shard?.group ?? (unsupported === 'byteSplit' ? wholeName(item.file.path) : item.file.path);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()]
    .map((group) => quantizationOf(group, parameters))
    .filter((item) => !isDraft(item, parameters))
    .sort((a, b) => (a.label === b.label ? a.files.length - b.files.length : 0) || compareQuality(a, b) || b.size - a.size)
    .map(({ maybeDraft: _, qat: __, ...item }) => item);
}

type Item = Quantization & { maybeDraft: boolean; qat: boolean };

function quantizationOf(group: NamedFile[], parameters: number | undefined): Item {
  const sorted = group.toSorted((a, b) => (a.name.shard?.index ?? 0) - (b.name.shard?.index ?? 0) || (a.file.path < b.file.path ? -1 : 1));
  const files = sorted.map(({ file }) => file);
  const first = sorted[0]!;
  const name = first.name.unsupported === 'byteSplit' ? parseFileName(wholeName(first.file.path)) : first.name;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const unsupported = first.name.unsupported ?? shardProblem(sorted);
  return {
    id: first.file.path,
    label: [name.label ?? '?', name.variant].filter(Boolean).join(' '),
    files,
    size,
    ...(parameters && { bitsPerWeight: (size * 8) / parameters }),
    ...(unsupported && { unsupported }),
    maybeDraft: first.name.maybeDraft ?? false,
    qat: /(?:^|[-._/])qat(?=$|[-._/])/i.test(first.file.path),
  };
}

function shardProblem(sorted: NamedFile[]): Quantization['unsupported'] {
  const count = sorted[0]?.name.shard?.count;
  if (count === undefined) return undefined;
  if (count > maxShards) return 'tooManyShards';
  const complete = sorted.length === count && sorted.every(({ name }, index) => name.shard?.index === index + 1);
  return complete ? undefined : 'incomplete';
}

/** `X.gguf` of `X.gguf.part1of2` and `X.gguf-split-a`. */
const wholeName = (path: string): string => path.replace(/(\.gguf)[.-].*$/i, '$1');

/** A file named after a draft model is one when it is far too small for the whole model (protocol 4.4). */
function isDraft({ maybeDraft, label, size }: Item, parameters: number | undefined): boolean {
  const bits = nominalBits(label);
  return maybeDraft && parameters !== undefined && bits !== undefined && size < ((parameters * bits) / 8) * 0.25;
}

/**
 * The projector that goes with the quantizations: in the first one's folder or above it, not made for another model by its name,
 * F16 before BF16 (which some GPUs lack), Q8_0 and F32 (protocol 4.4). Undefined: the model takes text only.
 */
export function chooseProjector(files: readonly NamedFile[], quantizations: readonly Quantization[]): HubFile | undefined {
  const models = quantizations.map(({ id }) => id);
  const preference = ['F16', 'BF16', 'Q8_0', 'F32'];
  const scored = files
    .filter(({ name, file }) => name.role === 'mmproj' && name.unsupported === undefined && fits(file.path, models))
    .map((item) => {
      const place = preference.indexOf(item.name.label ?? '');
      return { item, score: (models.some((id) => folderOf(id) === folderOf(item.file.path)) ? 0 : 100) + (place < 0 ? preference.length : place) };
    });
  return scored.sort((a, b) => a.score - b.score || (a.item.file.path < b.item.file.path ? -1 : 1))[0]?.item.file;
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);

/** `mmproj-F16` fits any model; `mmproj-Other-7B-F16` only one whose file begins alike. */
function fits(path: string, models: string[]): boolean {
  const stem = stemOf(path);
  return stem === '' || stem === 'model' || models.length === 0 || models.some((id) => stemOf(id).includes(stem) || stem.includes(stemOf(id)));
}

/** The model's name in a file name, without role, label and shard. */
function stemOf(path: string): string {
  const name = path
    .slice(path.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/\.gguf$/, '')
    .replace(/(?:-split)?-\d{5}-of-\d{5}$/, '')
    .replace('mmproj', '');
  const label = parseFileName(path).label?.toLowerCase();
  return (label === undefined ? name : name.replace(label, ''))
    .replace(/(?:^|[-._])(?:model|i1|imat|ud)(?=$|[-._])/g, '')
    .replace(/^[-._]+|[-._]+$/g, '')
    .replace(/[-._]{2,}/g, '-');
}
