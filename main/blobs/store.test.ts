/** Which bytes are taken as images, and that each is stored once. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBlobs } from './store.ts';
import { imageType } from './type.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'blobs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (start: string, length = 64): Uint8Array => Buffer.concat([Buffer.from(start, 'latin1'), Buffer.alloc(length)]);
const bitmap = Buffer.concat([bytes('BM', 12), Buffer.from([40, 0, 0, 0]), Buffer.alloc(40)]);
const images: [string, Uint8Array][] = [
  ['image/png', bytes('\x89PNG\r\n\x1a\n')],
  ['image/jpeg', bytes('\xff\xd8\xff\xe0')],
  ['image/webp', bytes('RIFF\x10\0\0\0WEBPVP8 ')],
  ['image/gif', bytes('GIF89a')],
  ['image/gif', bytes('GIF87a')],
  ['image/bmp', bitmap],
];

test.each(images)('stores %s, finds it again with its type and size', async (type, image) => {
  const blobs = createBlobs(join(folder, 'blobs'));
  const { sha256 } = await blobs.put(image);
  expect(sha256).toBe(createHash('sha256').update(image).digest('hex'));
  expect(await blobs.find(sha256)).toEqual({ path: join(folder, 'blobs', sha256.slice(0, 2), sha256), type, size: image.byteLength });
  expect(Buffer.compare(readFileSync(blobs.path(sha256)), image)).toBe(0);
});

test.each([
  ['nothing', new Uint8Array()],
  ['text', bytes('hello')],
  ['a German car maker', bytes('BMW 320i is no bitmap')],
  ['SVG', bytes('<svg xmlns="http://www.w3.org/2000/svg">')],
  ['a WAV file', bytes('RIFF\x10\0\0\0WAVEfmt ')],
  ['a PNG after a text transfer', bytes('\x89PNG\n\x1a\n')],
  ['half a magic number', Buffer.from('GIF8')],
])('refuses %s', async (_, content) => {
  await expect(createBlobs(folder).put(content)).rejects.toMatchObject({ code: 'blob.notImage' });
  expect(readdirSync(folder)).toEqual([]);
});

test('looks at the view that was given, not at the buffer below it', () => {
  const buffer = Buffer.concat([Buffer.from('GIF89a'), bytes('\x89PNG\r\n\x1a\n')]);
  expect(imageType(buffer.subarray(6))).toBe('image/png');
  expect(imageType(buffer.subarray(0, 5))).toBeUndefined();
});

test('takes 64 MiB and refuses one byte more', async () => {
  const blobs = createBlobs(folder);
  const image = new Uint8Array(64 * 2 ** 20 + 1);
  image.set(bytes('GIF89a'));
  await expect(blobs.put(image)).rejects.toMatchObject({ code: 'blob.tooLarge', data: { limit: 64 * 2 ** 20 } });
  const { sha256 } = await blobs.put(image.subarray(0, 64 * 2 ** 20));
  expect((await blobs.find(sha256)).size).toBe(64 * 2 ** 20);
});

test('the same bytes many times at once are one file and nothing beside it', async () => {
  const blobs = createBlobs(folder);
  const image = bytes('GIF89a', 100_000);
  const sums = await Promise.all(Array.from({ length: 8 }, () => blobs.put(image)));
  expect(new Set(sums.map(({ sha256 }) => sha256)).size).toBe(1);
  expect(readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())).toHaveLength(1);
});

test('a file that was cut short is written anew', async () => {
  const blobs = createBlobs(folder);
  const image = bytes('GIF89a', 500);
  const { sha256 } = await blobs.put(image);
  writeFileSync(blobs.path(sha256), image.subarray(0, 20));
  await blobs.put(image);
  expect((await blobs.find(sha256)).size).toBe(image.byteLength);
});

test.each(['', '../../etc/passwd', 'A'.repeat(64), 'a'.repeat(63), `${'a'.repeat(64)}\n`])('%j is no image', async (name) => {
  const blobs = createBlobs(folder);
  expect(() => blobs.path(name)).toThrow(expect.objectContaining({ code: 'blob.notFound' }));
  await expect(blobs.find(name)).rejects.toMatchObject({ code: 'blob.notFound' });
});

test('an image that is not there, or not an image any more, is not found', async () => {
  const blobs = createBlobs(folder);
  await expect(blobs.find('a'.repeat(64))).rejects.toMatchObject({ code: 'blob.notFound' });
  const { sha256 } = await blobs.put(bytes('GIF89a'));
  writeFileSync(blobs.path(sha256), 'scribble');
  await expect(blobs.find(sha256)).rejects.toMatchObject({ code: 'blob.notFound' });
});
