/** A model of true shape that llama.cpp really loads: a header without vocabulary made whole with words that mean nothing and a hole of the weights' size. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { align, dataBytes } from '../../gguf/header.ts';
import { text, uint32, uint64, vocabulary, vocabularyEntries } from '../../hardware/bandwidth.ts';
import { header, headerPath } from './allocations.ts';

/** Writes `model` of the fixtures to `file`, which takes no room on a disk that knows holes. */
export function writeWholeModel(model: string, file: string): void {
  const { entries, tensors, alignment, ...rest } = header(model);
  const bytes = readFileSync(headerPath(model));
  const kept = entries.filter(({ key }) => !key.startsWith('tokenizer.'));
  const words = tensors.find(({ name }) => name === 'token_embd.weight')!.dimensions[1]!;
  const pieces = [
    ...[Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(kept.length + vocabularyEntries)],
    ...kept.map(({ start, end }) => bytes.subarray(start, end)),
    ...vocabulary(words),
    ...tensors.flatMap(({ name, dimensions, type, offset }) => [
      text(name),
      uint32(dimensions.length),
      ...dimensions.map(uint64),
      uint32(type),
      uint64(offset),
    ]),
  ];
  const made = Buffer.concat(pieces);
  const start = align(made.length, alignment);
  writeFileSync(file, made);
  truncateSync(file, start + align(dataBytes({ tensors, alignment, entries, ...rest }), alignment));
}
