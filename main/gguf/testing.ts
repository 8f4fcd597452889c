/** The tiny model with more in its metadata, for tests. */
import { readFileSync, writeFileSync } from 'node:fs';
import { text, uint32, uint64 } from '../hardware/bandwidth.ts';
import { align, parseHeader } from './header.ts';

const float32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};

/** Writes the model `from` to `to` with these numbers added: whole ones as int32, others as float32. */
export function writeWithNumbers(from: string, to: string, added: Readonly<Record<string, number>>): void {
  const old = readFileSync(from);
  const header = parseHeader(old, from);
  if ('needs' in header) throw new Error('the header is not whole');
  const entries = Object.entries(added).flatMap(([key, value]) =>
    Number.isInteger(value) ? [text(key), uint32(5), uint32(value >>> 0)] : [text(key), uint32(6), float32(value)],
  );
  const counts = [uint32(header.version), uint64(header.tensors.length), uint64(header.entries.length + Object.keys(added).length)];
  const head = Buffer.concat([Buffer.from('GGUF'), ...counts, ...entries, old.subarray(24, header.dataOffset)]);
  const padding = Buffer.alloc(align(head.length, header.alignment) - head.length);
  writeFileSync(to, Buffer.concat([head, padding, old.subarray(header.dataOffset)]));
}
