/** How fast this machine reads weights while llama.cpp answers: measured by letting it answer with a model of zeros. Runs in the engine process. */
import { rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Llama, LlamaModel, Token } from 'node-llama-cpp';
import type { Bandwidth } from '../../shared/schemas/hardware.ts';
import { tensorBytes } from '../gguf/types.ts';
import { makeScratch } from '../scratch.ts';

/** Numbers of GGUF for what is measured: what most files are made of, as a byte of each is another amount of work. */
const [q4, q6, q8, f32] = [12, 14, 8, 0];
/** Milliseconds of answering with each model. */
const patience = 150;
const fewestTokens = 8;

interface Shape {
  blocks: number;
  embedding: number;
  feedForward: number;
  heads: number;
  keyHeads: number;
}

/** As wide as an 8B model, and more than caches hold: 250 MB in 4 bits. */
const wide: Shape = { blocks: 2, embedding: 4096, feedForward: 14336, heads: 32, keyHeads: 8 };
/** Layers that weigh next to nothing: what is left is the cost of going through one. */
const deep: Shape = { blocks: 32, embedding: 256, feedForward: 256, heads: 4, keyHeads: 1 };
/** llama.cpp wants words to say, at least every byte. */
const words = 259;
/**
 * What an answer costs with all layers on the GPU, or with none. Takes one to three seconds, 500 MB of that memory for as long, and one file
 * of zeros beside the temporary files that takes no room (except on Windows). Throws what llama.cpp throws where it cannot.
 */
export async function measureBandwidth(llama: Llama, where: { onGpu: boolean; threads: number }): Promise<Bandwidth> {
  const layer = quartiles(await measure(llama, deep, q8, where));
  const layerMs = { least: layer.low / deep.blocks, most: layer.high / deep.blocks };
  const rates: Bandwidth['rates'] = [];
  for (const type of [q4, q6, q8]) {
    const { low, high } = quartiles(await measure(llama, wide, type, where));
    const { touched } = modelOfZeros(wide, type);
    // What going through the layers takes is counted apart.
    const rate = (ms: number): number => (touched / Math.max(ms - wide.blocks * layerMs.least, ms / 2)) * 1000;
    rates.push({ bits: ((tensorBytes(type, [256]) ?? 0) * 8) / 256, slowest: rate(high), fastest: rate(low) });
  }
  return { rates, layerMs };
}

function quartiles(values: number[]): { low: number; high: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.round((sorted.length - 1) * part)]!;
  return { low: at(0.25), high: at(0.75) };
}

/** Milliseconds of each token but the first. */
async function measure(llama: Llama, shape: Shape, type: number, where: { onGpu: boolean; threads: number }): Promise<number[]> {
  const model = await loadZeros(llama, shape, type, where.onGpu);
  try {
    const context = await model.createContext({ contextSize: 256, batchSize: 32, sequences: 1, threads: where.threads, ignoreMemorySafetyChecks: true });
    const sequence = context.getSequence();
    const taken: number[] = [];
    const token = [0 as Token];
    await sequence.evaluateWithoutGeneratingNewTokens(token);
    // The context holds 256 tokens, and the time that it takes is hardly more at its end.
    for (const start = performance.now(); taken.length < 200 && (taken.length < fewestTokens || performance.now() - start < patience); ) {
      const began = performance.now();
      await sequence.evaluateWithoutGeneratingNewTokens(token);
      taken.push(performance.now() - began);
    }
    return taken;
  } finally {
    await model.dispose();
  }
}

/** Loads the model into memory; its file is gone again as soon as it is there. */
async function loadZeros(llama: Llama, shape: Shape, type: number, onGpu: boolean): Promise<LlamaModel> {
  const folder = makeScratch();
  const file = path.join(folder, 'zeros.gguf');
  try {
    const { header, bytes } = modelOfZeros(shape, type);
    await writeFile(file, header);
    await truncate(file, header.length + bytes);
    return await llama.loadModel({ modelPath: file, gpuLayers: onGpu ? shape.blocks + 1 : 0, useMmap: false, ignoreMemorySafetyChecks: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The header of a model whose weights are to be zeros, their bytes, and how many of them one token takes. */
function modelOfZeros({ blocks, embedding, feedForward, heads, keyHeads }: Shape, type: number): { header: Buffer; bytes: number; touched: number } {
  const keys = (embedding / heads) * keyHeads;
  const block = (index: number): [name: string, type: number, dimensions: number[]][] => [
    [`blk.${index}.attn_norm.weight`, f32, [embedding]],
    [`blk.${index}.attn_q.weight`, type, [embedding, embedding]],
    [`blk.${index}.attn_k.weight`, type, [embedding, keys]],
    [`blk.${index}.attn_v.weight`, type, [embedding, keys]],
    [`blk.${index}.attn_output.weight`, type, [embedding, embedding]],
    [`blk.${index}.ffn_norm.weight`, f32, [embedding]],
    [`blk.${index}.ffn_gate.weight`, type, [embedding, feedForward]],
    [`blk.${index}.ffn_up.weight`, type, [embedding, feedForward]],
    [`blk.${index}.ffn_down.weight`, type, [feedForward, embedding]],
  ];
  const tensors: [name: string, type: number, dimensions: number[]][] = [
    ['token_embd.weight', type, [embedding, words]],
    ['output_norm.weight', f32, [embedding]],
    ['output.weight', type, [embedding, words]],
    ...Array.from({ length: blocks }, (_, index) => block(index)).flat(),
  ];
  const metadata: [key: string, value: string | number, float?: boolean][] = [
    ['general.architecture', 'llama'],
    ['llama.context_length', 256],
    ['llama.embedding_length', embedding],
    ['llama.block_count', blocks],
    ['llama.feed_forward_length', feedForward],
    ['llama.attention.head_count', heads],
    ['llama.attention.head_count_kv', keyHeads],
    ['llama.attention.layer_norm_rms_epsilon', 1e-5, true],
    ['llama.rope.dimension_count', embedding / heads],
  ];
  const pieces: Buffer[] = [Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(metadata.length + vocabularyEntries)];
  for (const [key, value, float] of metadata) {
    pieces.push(text(key));
    if (typeof value === 'string') pieces.push(uint32(8), text(value));
    else pieces.push(uint32(float ? 6 : 4), float ? float32(value) : uint32(value));
  }
  pieces.push(...vocabulary(words));
  let bytes = 0;
  for (const [name, kind, dimensions] of tensors) {
    pieces.push(text(name), uint32(dimensions.length), ...dimensions.map(uint64), uint32(kind), uint64(bytes));
    bytes += Math.ceil((tensorBytes(kind, dimensions) ?? 0) / 32) * 32;
  }
  const header = Buffer.concat(pieces);
  // Of the embeddings one row is taken.
  const touched = bytes - (tensorBytes(type, [embedding, words]) ?? 0);
  return { header: Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32)]), bytes, touched };
}

export const vocabularyEntries = 4;
/** The entries of a header that give it `count` words that mean nothing, after the bytes. */
export function vocabulary(count: number): Buffer[] {
  const [unknown, control, byte, unused] = [2, 3, 6, 5];
  const special = ['<unk>', '<s>', '</s>'];
  const word = (index: number): string => special[index] ?? (index < 259 ? `<0x${(index - 3).toString(16).toUpperCase().padStart(2, '0')}>` : `<${index}>`);
  const kind = (index: number): number => (index === 0 ? unknown : index < 3 ? control : index < 259 ? byte : unused);
  const array = (key: string, type: number, value: (index: number) => Buffer): Buffer[] => [
    ...[text(`tokenizer.ggml.${key}`), uint32(9), uint32(type), uint64(count)],
    ...Array.from({ length: count }, (_, index) => value(index)),
  ];
  return [
    ...[text('tokenizer.ggml.model'), uint32(8), text('llama')],
    ...array('tokens', 8, (index) => text(word(index))),
    ...array('scores', 6, () => float32(0)),
    ...array('token_type', 5, (index) => uint32(kind(index))),
  ];
}

/** GGUF's own writing of numbers and texts. */
export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
export const uint64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const float32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};
export const text = (value: string): Buffer => Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);
