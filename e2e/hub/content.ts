/** The bytes of a file in the stand-in Hub: from a disk, from memory, from a header followed by a hole, or from a seed. */
import { createCipheriv, createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Something that can be read anywhere without being held as a whole. Sizes and offsets in bytes. */
export type Content = {
  size: number;
  /** Reads `length` bytes from `offset`, which lie inside the content. The buffer is not the reader's to change. */
  read(offset: number, length: number): Promise<Buffer>;
};

/** Content held in memory. */
export function bytes(data: Buffer | string): Content {
  const buffer = typeof data === 'string' ? Buffer.from(data) : data;
  return { size: buffer.length, read: async (offset, length) => buffer.subarray(offset, offset + length) };
}

/** Content of a real file, opened for each read so that nothing is left open. */
export function file(path: string): Content {
  return {
    size: statSync(path).size,
    async read(offset, length) {
      const handle = await open(path, 'r');
      try {
        const buffer = Buffer.alloc(length);
        const { bytesRead } = await handle.read(buffer, 0, length, offset);
        if (bytesRead !== length) throw new Error(`${path} is shorter than it was`);
        return buffer;
      } finally {
        await handle.close();
      }
    },
  };
}

/** Shared by every hole: a reader must not write into what it reads. */
const zeros = Buffer.alloc(1 << 20);

/** A header of true shape followed by zeros up to `size` bytes: a multi-gigabyte model that needs no disk. */
export function headerAndHole(header: Buffer | string, size: number): Content {
  const head = typeof header === 'string' ? readFileSync(header) : header;
  if (size < head.length) throw new Error('the file is smaller than its header');
  return {
    size,
    async read(offset, length) {
      if (offset >= head.length && length <= zeros.length) return zeros.subarray(0, length);
      const buffer = Buffer.alloc(length);
      if (offset < head.length) head.copy(buffer, 0, offset, Math.min(head.length, offset + length));
      return buffer;
    },
  };
}

/** `size` bytes that look random and are always the same for a seed, computable at any offset (AES in counter mode). */
export function seeded(seed: string, size: number): Content {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  return {
    size,
    async read(offset, length) {
      const counter = Buffer.alloc(16);
      counter.writeBigUInt64BE(BigInt(Math.floor(offset / 16)), 8);
      const skip = offset % 16;
      return createCipheriv('aes-128-ctr', key, counter)
        .update(Buffer.alloc(skip + length))
        .subarray(skip);
    },
  };
}

/** The content in pieces of at most `piece` bytes, from `start` to before `end`. */
export async function* pieces(content: Content, start = 0, end = content.size, piece = 1 << 20): AsyncGenerator<Buffer> {
  for (let offset = start; offset < end; offset += piece) yield await content.read(offset, Math.min(piece, end - offset));
}
