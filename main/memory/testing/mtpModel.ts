/** A model with a layer for multi-token prediction, made of one that has none: its last layer once more, fed with what the model thinks. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { align, dataBytes, type GgufHeader, parseHeader } from '../../gguf/header.ts';
import { text, uint32, uint64 } from '../../hardware/bandwidth.ts';
import { tensorTable } from './wholeModel.ts';

const float = 0;

/** Writes the model of the file `source`, a whole one whose last layer attends, to `file`. */
export function writeMtpModel(source: string, file: string): void {
  const bytes = readFileSync(source);
  const parsed = parseHeader(bytes, source);
  if ('needs' in parsed) throw new Error(`${source} is cut off`);
  const architecture = String(parsed.metadata.get('general.architecture'));
  const number = (key: string): number => Number(parsed.metadata.get(`${architecture}.${key}`));
  const [blocks, width] = [number('block_count'), number('embedding_length')];
  const name = (rest: string): string => `blk.${blocks}.${rest}`;
  const floats = (of: string, dimensions: number[]) => ({ name: name(of), dimensions, type: float, bytes: 4 * dimensions.reduce((a, b) => a * b) });

  const own = parsed.tensors.filter((tensor) => tensor.name.startsWith(`blk.${blocks - 1}.`));
  const added = [
    ...own.map((tensor) => ({ ...tensor, name: tensor.name.replace(/^blk\.\d+\./, name('')), from: tensor.offset })),
    { ...floats('nextn.eh_proj.weight', [2 * width, width]), values: passOn(width) },
    ...['nextn.enorm.weight', 'nextn.hnorm.weight'].map((of) => ({ ...floats(of, [width]), values: new Float32Array(width).fill(1) })),
    // Its own, as it would be trained with its layer.
    { ...parsed.tensors.find((tensor) => tensor.name === 'output_norm.weight')!, name: name('nextn.shared_head_norm.weight') },
  ].map((tensor) => ('values' in tensor || 'from' in tensor ? tensor : { ...tensor, from: tensor.offset }));

  let offset = align(dataBytes(parsed), parsed.alignment);
  const placed = added.map((tensor) => {
    const at = { ...tensor, offset };
    offset += align(tensor.bytes ?? 0, parsed.alignment);
    return at;
  });
  const tensors = [...parsed.tensors, ...placed] as GgufHeader['tensors'];
  // Else it had to be as long as there are layers now.
  const entries = parsed.entries.filter(({ key }) => key !== `${architecture}.attention.recurrent_layers`);
  const head = Buffer.concat([
    ...[Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(entries.length + 1)],
    ...entries.map(({ key, start, end }) =>
      key === `${architecture}.block_count` ? Buffer.concat([text(key), uint32(4), uint32(blocks + 1)]) : bytes.subarray(start, end),
    ),
    ...[text(`${architecture}.nextn_predict_layers`), uint32(4), uint32(1)],
    ...tensorTable(tensors),
  ]);
  const start = align(head.length, parsed.alignment);
  const data = Buffer.alloc(offset);
  bytes.copy(data, 0, parsed.dataOffset);
  for (const tensor of placed)
    if ('values' in tensor) Buffer.from(tensor.values.buffer).copy(data, tensor.offset);
    else bytes.copy(data, tensor.offset, parsed.dataOffset + tensor.from!, parsed.dataOffset + tensor.from! + (tensor.bytes ?? 0));
  writeFileSync(file, head);
  truncateSync(file, start);
  writeFileSync(file, data, { flag: 'a' });
}

/** Takes nothing of the last word, and everything of what the model thinks. */
function passOn(width: number): Float32Array {
  const matrix = new Float32Array(2 * width * width);
  for (let row = 0; row < width; row++) matrix[row * 2 * width + width + row] = 1;
  return matrix;
}
