/** A model whose words stand at plain positions, unlike those of models that see pictures: small, with weights of its own making and the tiny model's words. */
import { readFileSync, writeFileSync } from 'node:fs';
import { align, type GgufHeader, parseHeader } from '../../gguf/header.ts';
import { text, uint32, uint64 } from '../../hardware/bandwidth.ts';
import { fixture } from './allocations.ts';
import { tensorTable } from './wholeModel.ts';

const [width, wide, heads] = [64, 128, 4];

/** Writes it to `file` with so many `layers`, the same every time: a smaller one begins like a larger one. */
export function writePlainModel(file: string, layers: number): void {
  const tiny = fixture('tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q4_K_M.gguf');
  const bytes = readFileSync(tiny);
  const parsed = parseHeader(bytes, tiny);
  if ('needs' in parsed) throw new Error(`${tiny} is cut off`);
  const words = parsed.entries.filter(({ key }) => key.startsWith('tokenizer.'));
  const count = parsed.tensors.find(({ name }) => name === 'token_embd.weight')!.dimensions[1]!;
  const number = (key: string, value: number): Buffer => Buffer.concat([text(`llama.${key}`), uint32(4), uint32(value)]);
  const metadata = [
    Buffer.concat([text('general.architecture'), uint32(8), text('llama')]),
    ...[number('context_length', 8192), number('embedding_length', width), number('block_count', layers), number('feed_forward_length', wide)],
    ...[number('attention.head_count', heads), number('attention.head_count_kv', heads), number('rope.dimension_count', width / heads)],
    Buffer.concat([text('llama.attention.layer_norm_rms_epsilon'), uint32(6), Buffer.from(new Float32Array([1e-5]).buffer)]),
    ...words.map(({ start, end }) => bytes.subarray(start, end)),
  ];
  const layer = (index: number): [name: string, dimensions: number[]][] => [
    [`blk.${index}.attn_norm.weight`, [width]],
    ...['q', 'k', 'v', 'output'].map((part): [string, number[]] => [`blk.${index}.attn_${part}.weight`, [width, width]]),
    [`blk.${index}.ffn_norm.weight`, [width]],
    [`blk.${index}.ffn_gate.weight`, [width, wide]],
    [`blk.${index}.ffn_up.weight`, [width, wide]],
    [`blk.${index}.ffn_down.weight`, [wide, width]],
  ];
  const all: [name: string, dimensions: number[]][] = [
    ['token_embd.weight', [width, count]],
    ['output_norm.weight', [width]],
    ['output.weight', [width, count]],
    ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
  ];
  let offset = 0;
  let seed = 1;
  const draw = (): number => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647 - 0.5;
  };
  const weights: Buffer[] = [];
  const tensors = all.map(([name, dimensions]): GgufHeader['tensors'][number] => {
    const values = Float32Array.from({ length: dimensions.reduce((a, b) => a * b) }, () => (dimensions.length === 1 ? 1 : draw() * 0.7));
    weights.push(Buffer.from(values.buffer));
    const placed = { name, dimensions, type: 0, offset, bytes: values.byteLength };
    offset += align(values.byteLength, 32);
    return placed;
  });
  const head = Buffer.concat([Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(metadata.length), ...metadata, ...tensorTable(tensors)]);
  writeFileSync(file, Buffer.concat([head, Buffer.alloc(align(head.length, 32) - head.length), ...weights]));
}
