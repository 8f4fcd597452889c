/** Makes a header that has all that memory depends on, and nothing else: no tokenizer, one file for all shards. */
import { Fault } from '../../shared/result.ts';
import { chatKey, picturesKey, templateFacts, thinkingKey, tokenizerKey, tokenizerOf } from './facts.ts';
import { align, type GgufHeader } from './header.ts';

/** A shard's header with the bytes that it was parsed from. */
export interface HeaderBytes {
  header: GgufHeader;
  bytes: Uint8Array;
}

const uint32Type = 4;
const boolType = 7;
const stringType = 8;

/**
 * The slim header of a model whose shards are given in order: the first shard's metadata without tokenizer and split, the
 * tokenizer `no_vocab` with the vocabulary's size (llama.cpp then fills in that many dummy tokens: src/llama-vocab.cpp, v0.5.0),
 * and every shard's tensors one after the other. What the chat template can do and which tokenizer it is are kept in keys of ours, which llama.cpp skips. llama.cpp virtual-loads it to the same bytes as the files themselves (estimation.md 0.3).
 * Throws `memory.unknown` for a tensor type that this llama.cpp does not know.
 */
export function slimHeader(shards: readonly HeaderBytes[], file: string): Uint8Array {
  const { header, bytes } = shards[0]!;
  const writer = createWriter();
  const architecture = String(header.metadata.get('general.architecture') ?? '');
  const vocabularyKey = `${architecture}.vocab_size`;
  const vocabulary = header.entries.find(({ key }) => key === 'tokenizer.ggml.tokens')?.count ?? header.metadata.get(vocabularyKey);
  const tokenTypes = header.metadata.get('tokenizer.ggml.token_type_count');
  const added: [key: string, value: string | number | boolean][] = [];
  if (header.metadata.has('tokenizer.ggml.model')) added.push(['tokenizer.ggml.model', 'no_vocab']);
  if (typeof vocabulary === 'number') added.push([vocabularyKey, vocabulary]);
  if (typeof tokenTypes === 'number') added.push(['tokenizer.ggml.token_type_count', tokenTypes]);
  const { chat, thinking, pictures } = templateFacts(header);
  const tokenizer = tokenizerOf(header);
  added.push([chatKey, chat], [thinkingKey, thinking], [picturesKey, pictures]);
  if (tokenizer !== undefined) added.push([tokenizerKey, tokenizer]);
  const replaced = (key: string): boolean => key === vocabularyKey && typeof vocabulary === 'number';
  const copied = header.entries.filter(({ key }) => !/^(?:tokenizer|split|quantize|atelier)\./.test(key) && !replaced(key));
  const tensors = shards.flatMap((shard) => shard.header.tensors);

  writer.raw(new TextEncoder().encode('GGUF'));
  writer.uint32(3);
  writer.uint64(tensors.length);
  writer.uint64(copied.length + added.length);
  for (const { start, end } of copied) writer.raw(bytes.subarray(start, end));
  for (const [key, value] of added) writer.entry(key, value);
  let offset = 0;
  for (const { name, dimensions, type, bytes: size } of tensors) {
    if (size === undefined) throw new Fault('memory.unknown', `${file} has tensors of a type that llama.cpp does not know (${type}).`, { file });
    writer.string(name);
    writer.uint32(dimensions.length);
    for (const dimension of dimensions) writer.uint64(dimension);
    writer.uint32(type);
    writer.uint64(offset);
    offset += align(size, header.alignment);
  }
  return writer.padded(header.alignment);
}

/** Bytes one after the other, in a buffer that grows. */
function createWriter() {
  const encoder = new TextEncoder();
  let bytes = new Uint8Array(64 * 2 ** 10);
  let view = new DataView(bytes.buffer);
  let length = 0;
  /** Makes room and gives where it begins. */
  const take = (size: number): number => {
    if (length + size > bytes.length) {
      const larger = new Uint8Array(Math.max(2 * bytes.length, length + size));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
      view = new DataView(bytes.buffer);
    }
    length += size;
    return length - size;
  };
  const raw = (piece: Uint8Array): void => {
    const at = take(piece.length);
    bytes.set(piece, at);
  };
  const uint32 = (value: number): void => {
    const at = take(4);
    view.setUint32(at, value, true);
  };
  const uint64 = (value: number): void => {
    const at = take(8);
    view.setBigUint64(at, BigInt(value), true);
  };
  const string = (value: string): void => {
    const encoded = encoder.encode(value);
    uint64(encoded.length);
    raw(encoded);
  };
  return {
    raw,
    uint32,
    uint64,
    string,
    entry(key: string, value: string | number | boolean): void {
      string(key);
      uint32(typeof value === 'string' ? stringType : typeof value === 'number' ? uint32Type : boolType);
      if (typeof value === 'string') string(value);
      else if (typeof value === 'number') uint32(value);
      else raw(Uint8Array.of(Number(value)));
    },
    padded(alignment: number): Uint8Array {
      take(align(length, alignment) - length);
      return bytes.slice(0, length);
    },
  };
}
