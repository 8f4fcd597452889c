/** Reads the header of a GGUF file from as many of its first bytes as there are, skipping what nobody wants. */
import { Fault } from '../../shared/result.ts';
import { arrayType, beyond, type Cursor, createCursor, EndOfBytes, type GgufValue, headerLimit, stringType, valueBytes } from './cursor.ts';
import { tensorBytes } from './types.ts';

export { type GgufValue, headerLimit } from './cursor.ts';

/** Where a key and its value lie in the bytes. */
interface GgufEntry {
  key: string;
  start: number;
  end: number;
  /** Elements, of an array. */
  count?: number;
}

interface GgufTensor {
  name: string;
  /** Fastest first. */
  dimensions: number[];
  type: number;
  /** From `dataOffset`. */
  offset: number;
  /** Of its data; absent where this llama.cpp does not know the type. */
  bytes?: number;
}

export interface GgufHeader {
  version: number;
  /** All values but the arrays that nobody wants: the tokenizer's and other long ones. 64-bit integers are numbers where they fit. */
  metadata: Map<string, GgufValue>;
  entries: GgufEntry[];
  tensors: GgufTensor[];
  alignment: number;
  /** Where the tensors' data begins: the header's size. */
  dataOffset: number;
}

/** The header goes on: at least this many bytes of the file are needed. */
export interface NeedsMore {
  needs: number;
  /** What lies before this was passed over on a sibling's word, from `donor` of `parseHeader`. */
  passed?: number;
}

/** The stretch of a header that holds the vocabulary's arrays: the same bytes in every quantization of a model. */
export interface Vocabulary {
  /** Of its first array, of strings. */
  key: string;
  count: number;
  /** Bytes from the start of the first entry to the end of the last. */
  length: number;
  /** With `start` and `end` from the stretch's own start. */
  entries: GgufEntry[];
  metadata: [key: string, value: GgufValue][];
}

const keptArray = 4096;
/** Real files have 32; what is aligned may grow by as much. */
const largestAlignment = 2 ** 20;
/** As of GGML_MAX_NAME. */
const longestName = 63;

/**
 * Parses the header at the start of `bytes`, or says how many bytes it takes to go on. `file` names it in faults:
 * `gguf.notGguf` (also for a key or a tensor that is there twice), `gguf.bigEndian`, `gguf.version`, and `gguf.limits` where it claims more
 * than any real file has.
 * Nothing is allocated by a claimed size. With a `donor`, a vocabulary that begins like the donor's is passed over without a look:
 * the caller makes sure that what follows fits. Layout: docs/gguf.md of ggml, versions 2 and 3.
 */
export function parseHeader(bytes: Uint8Array, file: string, donor?: Vocabulary): GgufHeader | NeedsMore {
  const progress: { passed?: number } = {};
  try {
    return read(bytes, file, donor, progress);
  } catch (error) {
    if (!(error instanceof EndOfBytes)) throw error;
    if (error.needs > headerLimit) throw beyond(file);
    return { needs: error.needs, ...progress };
  }
}

function read(bytes: Uint8Array, file: string, donor: Vocabulary | undefined, progress: { passed?: number }): GgufHeader {
  const cursor = createCursor(bytes, file);
  checkMagic(bytes, file);
  cursor.skip(4);
  const version = cursor.uint32();
  checkVersion(version, file);
  const tensorCount = cursor.count(24);
  const entryCount = cursor.count(13);

  const metadata = new Map<string, GgufValue>();
  const entries: GgufEntry[] = [];
  const keys = createNames(file);
  for (let i = 0; i < entryCount; i++) {
    const start = cursor.at();
    const key = cursor.string();
    keys(key);
    const type = cursor.uint32();
    if (type === arrayType) {
      const elementType = cursor.uint32();
      const count = cursor.count(elementType === stringType ? 8 : (valueBytes[elementType] ?? 0));
      if (donor && key === donor.key && elementType === stringType && count === donor.count) {
        for (const entry of donor.entries) {
          if (entry.key !== key) keys(entry.key);
          entries.push({ ...entry, start: start + entry.start, end: start + entry.end });
        }
        for (const [name, value] of donor.metadata) metadata.set(name, value);
        i += donor.entries.length - 1;
        progress.passed = start + donor.length;
        cursor.skip(progress.passed - cursor.at());
        continue;
      }
      const values = cursor.array(elementType, count, count <= keptArray && !key.startsWith('tokenizer.'));
      if (values) metadata.set(key, values);
      entries.push({ key, start, end: cursor.at(), count });
    } else {
      metadata.set(key, cursor.value(type));
      entries.push({ key, start, end: cursor.at() });
    }
  }

  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || alignment < 1 || alignment > largestAlignment || !Number.isInteger(Math.log2(alignment))) throw beyond(file);
  const tensors: GgufTensor[] = [];
  const names = createNames(file);
  for (let i = 0; i < tensorCount; i++) {
    const tensor = readTensor(cursor, file);
    names(tensor.name);
    tensors.push(tensor);
  }
  const dataOffset = tensorCount > 0 ? align(cursor.at(), alignment) : cursor.at();
  return { version, metadata, entries, tensors, alignment, dataOffset };
}

/** Up to the next multiple of a power of two. */
export const align = (offset: number, alignment: number): number => Math.ceil(offset / alignment) * alignment;

function checkMagic(bytes: Uint8Array, file: string): void {
  if (!'GGUF'.startsWith(String.fromCharCode(...bytes.subarray(0, 4)))) throw new Fault('gguf.notGguf', `${file} is not a GGUF file.`, { file });
}

function checkVersion(version: number, file: string): void {
  if (version === 2 || version === 3) return;
  // The low half is empty in a version that was written the other way round, as llama.cpp itself tells it.
  if (version !== 0 && (version & 0xffff) === 0) throw new Fault('gguf.bigEndian', `${file} was made for big-endian machines.`, { file });
  throw new Fault('gguf.version', `${file} has GGUF version ${version}, which llama.cpp does not read.`, { file, version });
}

/** Throws for a name that was there before, as llama.cpp does: nobody could tell which of the two holds. */
function createNames(file: string): (name: string) => void {
  const names = new Set<string>();
  return (name) => {
    if (names.has(name)) throw new Fault('gguf.notGguf', `${file} is not a valid GGUF file: it has ${name.slice(0, 100)} twice.`, { file });
    names.add(name);
  };
}

function readTensor(cursor: Cursor, file: string): GgufTensor {
  const name = cursor.string();
  const rank = cursor.uint32();
  if (rank > 4 || name.length > longestName) throw beyond(file);
  const dimensions = Array.from({ length: rank }, () => Number(cursor.uint64()));
  const type = cursor.uint32();
  const offset = Number(cursor.uint64());
  const elements = dimensions.reduce((product, size) => product * size, 1);
  // Eight bytes are the widest element.
  if (!Number.isSafeInteger(offset + elements * 8)) throw beyond(file);
  const size = tensorBytes(type, dimensions);
  return { name, dimensions, type, offset, ...(size !== undefined && { bytes: size }) };
}

/** Bytes of the tensors' data, padding between them included. */
export function dataBytes(header: GgufHeader): number {
  return header.tensors.reduce((end, { offset, bytes = 0 }) => Math.max(end, offset + bytes), 0);
}

/** Throws `gguf.truncated` when a file of `size` bytes cannot hold its own tensors. */
export function checkSize(header: GgufHeader, size: number, file: string): void {
  if (header.dataOffset + dataBytes(header) > size) throw truncated(file);
}

export const truncated = (file: string): Fault => new Fault('gguf.truncated', `${file} ends before its content does.`, { file });
