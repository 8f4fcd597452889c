/** A model of true shape with pseudo-random weights, so that its speed is that of the real one and nothing fits in a cache. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { align } from '../../gguf/header.ts';
import { tensorBytes } from '../../gguf/types.ts';
import { text, uint32, uint64, vocabulary, vocabularyEntries } from '../../hardware/bandwidth.ts';
import { fixture, header, headerPath } from './allocations.ts';
import { tensorTable } from './wholeModel.ts';

/** Bytes of one block of each type, and where its 16-bit scales lie; the rest of a block may be anything. */
const blocks: Record<number, { size: number; scales: number[] }> = {
  8: { size: 34, scales: [0] },
  12: { size: 144, scales: [0, 2] },
  13: { size: 176, scales: [0, 2] },
  14: { size: 210, scales: [208] },
};
/** 16-bit floats that keep the numbers of a layer near one: 2^-14 and a half of it. */
const scale = 0x0400;

/** What the chat template writes; the last one is a word like any other. */
const tags = ['<|im_start|>', '<|im_end|>', '<think>', '</think>', '\n\n'];

/** Writes `model` of the fixtures to `file`, with the chat template of the tiny model and words that are spoken as `<number>`. */
export function writeWeightedModel(model: string, file: string): void {
  const { entries, tensors, alignment } = header(model);
  const bytes = readFileSync(headerPath(model));
  const kept = entries.filter(({ key }) => !key.startsWith('tokenizer.'));
  const words = tensors.find(({ name }) => name === 'token_embd.weight')!.dimensions[1]!;
  const spoken = speak(vocabulary(words), words);
  const made = Buffer.concat([
    ...[Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(kept.length + vocabularyEntries + 2)],
    ...kept.map(({ start, end }) => bytes.subarray(start, end)),
    // Like the tokenizers of most models: no blank behind a tag.
    ...[text('tokenizer.ggml.add_space_prefix'), uint32(7), Buffer.from([0])],
    ...[text('tokenizer.chat_template'), uint32(8), text(template())],
    ...spoken,
    ...tensorTable(tensors),
  ]);
  const start = align(made.length, alignment);
  const target = openSync(file, 'w');
  try {
    writeSync(target, made, 0, made.length, 0);
    const draw = random();
    for (const { name, dimensions, type, offset } of tensors) {
      const size = tensorBytes(type, dimensions)!;
      const weights = type === 0 ? floats(name, size, draw) : quantized(type, size, draw);
      writeSync(target, weights, 0, size, start + offset);
    }
  } finally {
    closeSync(target);
  }
}

/** The vocabulary with its words to be said, and the template's tags as tokens. */
function speak(pieces: Buffer[], words: number): Buffer[] {
  const [normal, control] = [1, 3];
  const first = 259;
  const texts = pieces.length - 3 * words - 8;
  const kinds = pieces.length - words;
  return pieces.map((piece, index) => {
    const tag = tags[index - texts - first];
    if (tag !== undefined) return text(tag);
    if (index < kinds + first) return piece;
    return uint32(index - kinds - first < tags.length - 1 ? control : normal);
  });
}

function template(): string {
  const tiny = fixture('tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q4_K_M.gguf');
  const bytes = readFileSync(tiny);
  const key = Buffer.from('tokenizer.chat_template');
  const at = bytes.indexOf(key) + key.length + 4;
  const length = Number(bytes.readBigUInt64LE(at));
  return bytes.toString('utf8', at + 8, at + 8 + length);
}

function floats(name: string, size: number, draw: () => number): Buffer {
  const values = new Float32Array(size / 4);
  const base = name.includes('norm') ? 1 : name.endsWith('ssm_a') ? -1 : 0;
  for (let index = 0; index < values.length; index++) values[index] = base + (draw() / 2 ** 32 - 0.5) * 0.1;
  return Buffer.from(values.buffer);
}

function quantized(type: number, size: number, draw: () => number): Buffer {
  const block = blocks[type];
  if (!block) throw new Error(`no random weights of type ${type}`);
  const values = new Uint32Array(Math.ceil(size / 4));
  for (let index = 0; index < values.length; index++) values[index] = draw();
  const bytes = Buffer.from(values.buffer, 0, size);
  for (let at = 0; at < size; at += block.size) for (const place of block.scales) bytes.writeUInt16LE(scale, at + place);
  return bytes;
}

/** xorshift32, the same every time. */
function random(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
