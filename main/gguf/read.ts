/** Reads just enough of a file, wherever it is, to have its whole header. */
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '../../shared/result.ts';
import { checkSize, headerLimit, parseHeader, truncated } from './header.ts';
import type { HeaderBytes } from './slim.ts';

/** A file that can be read in pieces. */
export interface Source {
  /** For people. */
  file: string;
  /** Bytes. */
  size: number;
  /** The bytes from `start` to before `end`, all of them. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** Enough for every key but the tokenizer's (protocol 4.6), and for the whole header of a projector or a later shard. */
const firstStep = 256 * 2 ** 10;
const nextStep = 2 * 2 ** 20;
const largestStep = 4 * 2 ** 20;

/** Throws what `parseHeader` throws, and `gguf.truncated` where the file ends before its header or its tensors do. */
export async function readHeader(source: Source): Promise<HeaderBytes> {
  const read = await readAlone(source);
  checkSize(read.header, source.size, source.file);
  return read;
}

/** `readHeader` of a file on disk; `alone`: its tensors need not be there, as behind a header that was kept. */
export async function headerOf(file: string, { alone = false } = {}): Promise<HeaderBytes> {
  await using handle = await open(file);
  const source = diskSource(handle, (await handle.stat()).size, path.basename(file));
  return await (alone ? readAlone(source) : readHeader(source));
}

async function readAlone({ file, size, read }: Source): Promise<HeaderBytes> {
  let bytes: Uint8Array = new Uint8Array(0);
  let room = new Uint8Array(roomFor(Math.min(firstStep, size)));
  for (let wanted = firstStep, step = nextStep; ; step = largestStep) {
    const end = Math.min(wanted, size);
    if (end > room.length) {
      room = new Uint8Array(roomFor(end));
      room.set(bytes);
    }
    // However much a header claims to need, it comes in small pieces.
    for (let at = bytes.length; at < end; at += largestStep) room.set(await read(at, Math.min(end, at + largestStep)), at);
    bytes = room.subarray(0, end);
    const header = parseHeader(bytes, file);
    if (!('needs' in header)) return { header, bytes };
    if (header.needs > size) throw truncated(file);
    if (end >= headerLimit) throw new Fault('gguf.limits', `The header of ${file} claims more than any real file has.`, { file });
    wanted = Math.min(headerLimit, Math.max(header.needs, end + step));
  }
}

/** The limit halved as often as leaves room for `length` bytes: growing, old and new room are never more than one and a half limits. */
function roomFor(length: number): number {
  let room = headerLimit;
  while (room / 2 >= length && room > firstStep) room /= 2;
  return room;
}

function diskSource(handle: FileHandle, size: number, file: string): Source {
  return {
    file,
    size,
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      if (bytesRead < bytes.length) throw truncated(file);
      return bytes;
    },
  };
}
