/** A model of true shape that llama.cpp really loads: a header without vocabulary made whole with words that mean nothing and a hole of the weights' size. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { align, dataBytes, type GgufHeader } from '../../gguf/header.ts';
import { text, uint32, uint64, vocabulary, vocabularyEntries } from '../../hardware/bandwidth.ts';
import { header, headerPath } from './allocations.ts';

/** Writes `model` of the fixtures to `file`, which takes no room on a disk that knows holes; with only its first `layers` where that is said. */
export function writeWholeModel(model: string, file: string, layers = Infinity): void {
  const { entries, tensors: all, alignment, ...rest } = header(model);
  const bytes = readFileSync(headerPath(model));
  const count = /\.block_count$/;
  const kept = entries.filter(({ key }) => !key.startsWith('tokenizer.'));
  const tensors = shortened(all, layers, alignment);
  const words = tensors.find(({ name }) => name === 'token_embd.weight')!.dimensions[1]!;
  const pieces = [
    ...[Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(kept.length + vocabularyEntries)],
    ...kept.map(({ key, start, end }) =>
      count.test(key) && layers < Infinity ? Buffer.concat([text(key), uint32(4), uint32(layers)]) : bytes.subarray(start, end),
    ),
    ...vocabulary(words),
    ...tensorTable(tensors),
  ];
  const made = Buffer.concat(pieces);
  const start = align(made.length, alignment);
  writeFileSync(file, made);
  truncateSync(file, start + align(dataBytes({ tensors, alignment, entries, ...rest }), alignment));
}

/** GGUF's own table of tensors. */
export const tensorTable = (tensors: GgufHeader['tensors']): Buffer[] =>
  tensors.flatMap(({ name, dimensions, type, offset }) => [text(name), uint32(dimensions.length), ...dimensions.map(uint64), uint32(type), uint64(offset)]);

/** Without the layers from `layers` on; what is left lies without a gap, as llama.cpp wants it. */
function shortened(tensors: GgufHeader['tensors'], layers: number, alignment: number): GgufHeader['tensors'] {
  let offset = 0;
  return tensors
    .filter(({ name }) => Number(/^blk\.(\d+)\./.exec(name)?.[1] ?? 0) < layers)
    .map((tensor) => {
      const placed = { ...tensor, offset };
      offset += align(tensor.bytes ?? 0, alignment);
      return placed;
    });
}
