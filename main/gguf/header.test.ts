/** The reader gives what Hugging Face's own library gives, asks for more where bytes end, and refuses hostile headers. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gguf } from '@huggingface/gguf';
import { describe, expect, test } from 'vitest';
import { checkSize, dataBytes, type GgufHeader, type GgufValue, headerLimit, parseHeader } from './header.ts';

const fixtures = new URL('../../e2e/fixtures/', import.meta.url);
const tiny = (name: string): string => fileURLToPath(new URL(`tiny-qwen3.5-vl/${name}`, fixtures));
const files = [
  'tiny-qwen3.5-vl-F16.gguf',
  'tiny-qwen3.5-vl-Q4_K_M.gguf',
  'tiny-qwen3.5-vl-Q6_K.gguf',
  'tiny-qwen3.5-vl-Q8_0.gguf',
  'tiny-qwen3.5-vl-Q8_0-00001-of-00003.gguf',
  'tiny-qwen3.5-vl-Q8_0-00002-of-00003.gguf',
  'tiny-qwen3.5-vl-Q8_0-00003-of-00003.gguf',
  'mmproj-tiny-qwen3.5-vl-F16.gguf',
];

function whole(bytes: Uint8Array, file = 'a.gguf'): GgufHeader {
  const header = parseHeader(bytes, file);
  if ('needs' in header) throw new Error(`needs ${header.needs}`);
  return header;
}

/** Bigints of the library as the numbers that we give. */
const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : Array.isArray(value) ? value.map(plain) : value);

test.each(files)('%s: as the official library reads it', async (name) => {
  const bytes = await readFile(tiny(name));
  const header = whole(bytes, name);
  const oracle = await gguf(tiny(name), { allowLocalFile: true });
  const { version, tensor_count, kv_count, ...metadata } = oracle.metadata as Record<string, unknown>;
  expect(header.version).toBe(version);
  expect(header.entries).toHaveLength(Number(kv_count));
  expect(header.tensors).toHaveLength(Number(tensor_count));
  for (const [key, value] of Object.entries(metadata)) {
    if (header.metadata.has(key)) expect(header.metadata.get(key), key).toEqual(plain(value));
    else expect(header.entries.find((entry) => entry.key === key)?.count, key).toBe((value as unknown[]).length);
  }
  expect(header.tensors.map(({ name, dimensions, type, offset }) => ({ name, dimensions, type, offset }))).toEqual(
    oracle.tensorInfos.map(({ name, shape, dtype, offset }) => ({ name, dimensions: shape.map(Number), type: dtype, offset: Number(offset) })),
  );
  expect(header.dataOffset).toBe(Number(oracle.tensorDataOffset));
  // Padding after the last tensor aside, the tensors fill the file to its end.
  expect(bytes.length - header.dataOffset - dataBytes(header)).toBeLessThan(header.alignment);
  expect(() => checkSize(header, bytes.length - header.alignment, name)).toThrow(expect.objectContaining({ code: 'gguf.truncated', data: { file: name } }));
});

test('a reader that hands over as many bytes as asked gets to the end', async () => {
  const bytes = await readFile(tiny('tiny-qwen3.5-vl-Q4_K_M.gguf'));
  let length = 0;
  let asks = 0;
  for (;;) {
    const header = parseHeader(bytes.subarray(0, length), 'a.gguf');
    if (!('needs' in header)) {
      expect(header).toEqual(whole(bytes));
      break;
    }
    expect(header.needs).toBeGreaterThan(length);
    length = Math.max(header.needs, length + 1000);
    asks++;
  }
  expect(asks).toBeGreaterThan(10);
});

describe('hostile and foreign files', () => {
  const piece = (write: (view: DataView) => void, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    write(new DataView(bytes.buffer));
    return bytes;
  };
  const u32 = (value: number) => piece((view) => view.setUint32(0, value, true), 4);
  const u64 = (value: bigint | number) => piece((view) => view.setBigUint64(0, BigInt(value), true), 8);
  const str = (value: string) => Buffer.concat([u64(value.length), Buffer.from(value)]);
  const tensor = (name: string) => Buffer.concat([str(name), u32(1), u64(32), u32(0), u64(0)]);
  const file = (...pieces: Uint8Array[]) => Buffer.concat([Buffer.from('GGUF'), ...pieces]);
  const fault = (bytes: Uint8Array): unknown => {
    try {
      return parseHeader(bytes, 'a.gguf');
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  test.each<[string, Uint8Array, string]>([
    ['a web page', Buffer.from('<html>'), 'gguf.notGguf'],
    ['the first bytes of a web page', Buffer.from('<h'), 'gguf.notGguf'],
    ['big-endian', file(Uint8Array.of(0, 0, 0, 3)), 'gguf.bigEndian'],
    ['version 1', file(u32(1)), 'gguf.version'],
    ['version 4', file(u32(4)), 'gguf.version'],
    ['2^60 keys', file(u32(3), u64(0), u64(2n ** 60n)), 'gguf.limits'],
    ['2^60 tensors', file(u32(3), u64(2n ** 60n), u64(0)), 'gguf.limits'],
    ['a key of 1 GB', file(u32(3), u64(0), u64(1), u64(2 ** 30)), 'gguf.limits'],
    ['a string of 1 GB', file(u32(3), u64(0), u64(1), str('a'), u32(8), u64(2 ** 30)), 'gguf.limits'],
    ['an array of 2^50 bytes', file(u32(3), u64(0), u64(1), str('a'), u32(9), u32(0), u64(2n ** 50n)), 'gguf.limits'],
    ['an array of 2^40 strings', file(u32(3), u64(0), u64(1), str('a'), u32(9), u32(8), u64(2n ** 40n)), 'gguf.limits'],
    ['nested arrays', file(u32(3), u64(0), u64(1), str('a'), u32(9), u32(9), u64(1), u32(9)), 'gguf.limits'],
    ['a value of no type', file(u32(3), u64(0), u64(1), str('a'), u32(77)), 'gguf.limits'],
    ['an alignment of 3', file(u32(3), u64(0), u64(1), str('general.alignment'), u32(4), u32(3)), 'gguf.limits'],
    ['an alignment of 2 GiB', file(u32(3), u64(0), u64(1), str('general.alignment'), u32(4), u32(2 ** 31)), 'gguf.limits'],
    ['a key twice', file(u32(3), u64(0), u64(2), str('a'), u32(0), Uint8Array.of(1), str('a'), u32(0), Uint8Array.of(2)), 'gguf.notGguf'],
    ['a tensor twice', file(u32(3), u64(2), u64(0), tensor('a'), tensor('a')), 'gguf.notGguf'],
    ['a tensor with a name of 64 letters', file(u32(3), u64(1), u64(0), tensor('a'.repeat(64))), 'gguf.limits'],
    ['a tensor of 9 dimensions', file(u32(3), u64(1), u64(0), str('a'), u32(9)), 'gguf.limits'],
    ['a tensor of 2^80 elements', file(u32(3), u64(1), u64(0), str('a'), u32(2), u64(2n ** 40n), u64(2n ** 40n), u32(0), u64(0)), 'gguf.limits'],
  ])('%s', (_, bytes, code) => expect(fault(bytes)).toBe(code));

  test('a header that goes on past the limit is given up, not read for ever', () => {
    const long = file(u32(3), u64(0), u64(2), str('a'), u32(9), u32(0), u64(headerLimit), u32(0));
    expect(fault(long)).toBe('gguf.limits');
  });

  test('a 64-bit value too large for a number stays exact', () => {
    const values = new Map<string, GgufValue>(whole(file(u32(3), u64(0), u64(1), str('a'), u32(10), u64(2n ** 63n + 1n))).metadata);
    expect(values.get('a')).toBe(2n ** 63n + 1n);
  });
});
