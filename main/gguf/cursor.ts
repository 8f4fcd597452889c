/** Moves through the bytes of a GGUF header, value by value, believing no claimed size. */
import { Fault } from '../../shared/result.ts';

export type GgufValue = string | number | bigint | boolean | GgufValue[];

/** Twice the longest header that was seen (16 MB, protocol 4.6). So one that never ends takes 48 MiB at most while it is read. */
export const headerLimit = 32 * 2 ** 20;
const text = new TextDecoder();

/** Bytes of a value by its type; 8 is a string and 9 an array. */
export const valueBytes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
export const stringType = 8;
export const arrayType = 9;

/** The bytes end before what is read does. */
export class EndOfBytes extends Error {
  /** Bytes of the file, from its start. */
  readonly needs: number;
  constructor(needs: number) {
    super();
    this.needs = needs;
  }
}

export const beyond = (file: string): Fault => new Fault('gguf.limits', `The header of ${file} claims more than any real file has.`, { file });

export type Cursor = ReturnType<typeof createCursor>;

/** Reads from the start of `bytes`; throws `EndOfBytes` at their end, and `gguf.limits` for claims that no real file makes. */
export function createCursor(bytes: Uint8Array, file: string) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;

  /** Moves over `length` bytes and gives where they began. */
  function take(length: number): number {
    if (offset + length > bytes.length) throw new EndOfBytes(offset + length);
    offset += length;
    return offset - length;
  }
  const uint32 = (): number => view.getUint32(take(4), true);
  const uint64 = (): bigint => view.getBigUint64(take(8), true);

  /** A 64-bit number of things that take at least `size` bytes each. */
  function count(size: number): number {
    const claimed = Number(uint64());
    if (claimed * size > headerLimit) throw beyond(file);
    return claimed;
  }
  /** Moves over a string; two halves, as a bigint for every token would cost more than all else. */
  function skipString(): number {
    const at = take(8);
    const length = view.getUint32(at, true);
    if (view.getUint32(at + 4, true) !== 0 || length > headerLimit) throw beyond(file);
    take(length);
    return length;
  }
  function string(): string {
    const length = skipString();
    return text.decode(bytes.subarray(offset - length, offset));
  }
  const whole = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
  const readers: ((() => GgufValue) | undefined)[] = [
    () => view.getUint8(take(1)),
    () => view.getInt8(take(1)),
    () => view.getUint16(take(2), true),
    () => view.getInt16(take(2), true),
    uint32,
    () => view.getInt32(take(4), true),
    () => view.getFloat32(take(4), true),
    () => view.getUint8(take(1)) !== 0,
    string,
    undefined,
    () => whole(uint64()),
    () => whole(view.getBigInt64(take(8), true)),
    () => view.getFloat64(take(8), true),
  ];
  function value(type: number): GgufValue {
    const reader = readers[type];
    if (!reader) throw beyond(file);
    return reader();
  }
  function array(type: number, length: number, keep: boolean): GgufValue[] | undefined {
    if (!readers[type]) throw beyond(file);
    if (keep) {
      const values: GgufValue[] = [];
      for (let i = 0; i < length; i++) values.push(value(type));
      return values;
    }
    if (type === stringType) for (let i = 0; i < length; i++) skipString();
    else take(length * valueBytes[type]!);
    return undefined;
  }
  return { at: () => offset, skip: take, uint32, uint64, count, string, value, array };
}
