/** Images on disk, each stored once by the sha256 of its bytes. */
import { createHash, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { blobLimit } from '../../shared/contract/core.ts';
import { Fault } from '../../shared/result.ts';
import { type ImageType, imageType, magicLength } from './type.ts';

interface StoredImage {
  path: string;
  type: ImageType;
  /** Bytes. */
  size: number;
}

interface UndraftedImage {
  sha256: string;
  /** Bytes. */
  size: number;
  /** When it was written, in ms since 1970. */
  changedAt: number;
}

export interface Blobs {
  /** Stores an image. Throws `blob.notImage` and `blob.tooLarge` (more than 64 MiB). */
  put(bytes: Uint8Array): Promise<{ sha256: string }>;
  /** Where the image lies or would lie. Throws `blob.notFound` for what is not a sha256 in lower case. */
  path(sha256: string): string;
  /** A stored image, to serve or to send. Throws `blob.notFound`. */
  find(sha256: string): Promise<StoredImage>;
  /** What was put has found its turn: as often as it was put and not sent, it is wanted by a draft. */
  sent(images: Iterable<string>): void;
  /** Stored images that no draft of this run of the app wants. */
  undrafted(): Promise<UndraftedImage[]>;
  /** Deletes an image, unless a draft wants it by now. */
  remove(sha256: string): void;
}

/** The images under `folder`, which is made when the first one comes. */
export function createBlobs(folder: string): Blobs {
  const path = (sha256: string): string => {
    if (!isSum(sha256)) throw new Fault('blob.notFound', 'There is no such image');
    return join(folder, sha256.slice(0, 2), sha256);
  };

  /** How often each was put without being sent. */
  const drafted = new Map<string, number>();

  return {
    path,
    sent(images) {
      for (const sha256 of images) {
        const times = drafted.get(sha256) ?? 0;
        if (times > 1) drafted.set(sha256, times - 1);
        else drafted.delete(sha256);
      }
    },
    async undrafted() {
      const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
      const names = files.filter((file) => file.isFile() && isSum(file.name) && !drafted.has(file.name)).map(({ name }) => name);
      const found = await Promise.all(names.map(async (sha256) => ({ sha256, file: await stat(path(sha256)).catch(() => undefined) })));
      return found.flatMap(({ sha256, file }) => (file ? [{ sha256, size: file.size, changedAt: file.mtimeMs }] : []));
    },
    remove(sha256) {
      // At once, so that it is not deleted from under a `put` that finds it there.
      if (!drafted.has(sha256)) rmSync(path(sha256), { force: true });
    },
    async put(bytes) {
      if (bytes.byteLength > blobLimit)
        throw new Fault('blob.tooLarge', `The image has ${bytes.byteLength} bytes, more than ${blobLimit}`, { limit: blobLimit });
      if (!imageType(bytes)) throw new Fault('blob.notImage', 'This is not a PNG, JPEG, WebP, GIF or BMP image');
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      drafted.set(sha256, (drafted.get(sha256) ?? 0) + 1);
      const target = path(sha256);
      const there = await stat(target).catch(() => undefined);
      if (there?.size !== bytes.byteLength) await write(target, bytes);
      return { sha256 };
    },
    async find(sha256) {
      const target = path(sha256);
      const file = await open(target).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') throw new Fault('blob.notFound', 'There is no such image');
        throw error;
      });
      try {
        const { buffer, bytesRead } = await file.read(new Uint8Array(magicLength), 0, magicLength, 0);
        const type = imageType(buffer.subarray(0, bytesRead));
        if (!type) throw new Fault('blob.notFound', 'The stored image is damaged');
        return { path: target, type, size: (await file.stat()).size };
      } finally {
        await file.close();
      }
    },
  };
}

const isSum = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

/** All bytes or no file, also when the power goes: written beside, flushed, renamed. */
async function write(target: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const beside = `${target}.${randomUUID()}`;
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
