/** The file format of an unfinished download. */
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { journalPath, type PartOf, partBytes, partPath } from './journal.ts';
import { openPart, segmentSize } from './part.ts';

let folder: string;
let target: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-part-'));
  target = join(folder, 'x.gguf');
});
afterEach(() => rm(folder, { recursive: true }));

const of: PartOf = { repo: 'a/b', commit: 'c'.repeat(40), path: 'x.gguf', size: segmentSize + 1000, sha256: '0'.repeat(64) };
const MiB = 1024 * 1024;

test('a part that is closed and opened again knows what it has, per segment', async () => {
  const part = await openPart(target, of);
  expect(part.missing()).toEqual({ start: 0, end: segmentSize });
  await part.write(Buffer.alloc(MiB, 1), 0);
  await part.write(Buffer.alloc(1000, 2), segmentSize);
  await part.close();
  const again = await openPart(target, of);
  expect(again.received()).toBe(MiB + 1000);
  expect(again.missing()).toEqual({ start: MiB, end: segmentSize });
  await again.close();
  expect(JSON.parse(await readFile(journalPath(target), 'utf8'))).toMatchObject({ v: 1, segmentSize, done: [1], partial: { 0: MiB } });
});

test('bytes are recorded while they come, not only at the end', async () => {
  const part = await openPart(target, of);
  for (let written = 0; written < 17; written++) await part.write(Buffer.alloc(MiB), written * MiB);
  await expect.poll(() => partBytes(target, of)).toBeGreaterThanOrEqual(16 * MiB);
  await part.close();
  expect(await partBytes(target, of)).toBe(17 * MiB);
});

test('a write across the end of a segment counts for both, and a segment that is forgotten is missing again', async () => {
  const part = await openPart(target, { ...of, size: 3000 }, 1000);
  await part.write(Buffer.alloc(1500, 1), 0);
  expect(part.missing()).toEqual({ start: 1500, end: 2000 });
  expect(part.missing(2000)).toEqual({ start: 2000, end: 3000 });
  expect(part.prefix()).toBe(1500);
  part.forget({ start: 0, end: 1000 });
  expect(part.missing()).toEqual({ start: 0, end: 1000 });
  expect([part.prefix(), part.received()]).toEqual([0, 500]);
  await expect(part.write(Buffer.alloc(1), 1700)).rejects.toThrow(/hole/);
  await part.close();
});

test('what is taken is not given out again until it is released', async () => {
  const part = await openPart(target, { ...of, size: 2500 }, 1000);
  const first = part.take()!;
  expect([first, part.take(), part.take(), part.take()]).toEqual([{ start: 0, end: 1000 }, { start: 1000, end: 2000 }, { start: 2000, end: 2500 }, undefined]);
  await part.write(Buffer.alloc(300), 0);
  part.release(first);
  expect(part.take()).toEqual({ start: 300, end: 1000 });
  await part.close();
});

test('the check of a segment goes on where the one before a restart stopped; an older journal has none', async () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
  const small = { ...of, size: 2000 };
  const part = await openPart(target, small, 1000);
  await part.write(bytes.subarray(0, 400), 0);
  await part.close();
  const again = await openPart(target, small);
  await again.write(bytes.subarray(400), 400);
  expect(again.whole()).toEqual([{ start: 0, end: 1000, check: crc32(bytes) }]);
  await again.close();
  await journal({ checks: undefined });
  const older = await openPart(target, small);
  await older.write(bytes, 1000);
  expect(older.whole().map(({ check }) => check)).toEqual([undefined, crc32(bytes)]);
  await older.close();
});

test.each([
  ['other content', { sha256: '1'.repeat(64) }],
  ['another size', { size: segmentSize + 1001 }],
  ['another repository', { repo: 'a/c' }],
  ['another commit where there is no hash', { sha256: undefined, commit: 'd'.repeat(40) }],
])('a part of %s is begun anew', async (_, other) => {
  const part = await openPart(target, { ...of, ...('sha256' in other && other.sha256 === undefined && { sha256: undefined }) });
  await part.write(Buffer.alloc(1000), 0);
  await part.close();
  const again = await openPart(target, { ...of, ...other });
  expect(again.received()).toBe(0);
  await again.close();
});

test('the same content at another commit goes on', async () => {
  const part = await openPart(target, of);
  await part.write(Buffer.alloc(1000), 0);
  await part.close();
  expect(await partBytes(target, { ...of, commit: 'd'.repeat(40) })).toBe(1000);
});

const journal = async (change: Record<string, unknown>): Promise<void> => {
  const known = JSON.parse(await readFile(journalPath(target), 'utf8'));
  await writeFile(journalPath(target), JSON.stringify({ ...known, ...change }));
};
test.each<[string, () => Promise<void>]>([
  ['is no JSON', () => writeFile(journalPath(target), '{"v":1,')],
  ['has another version', () => journal({ v: 2 })],
  ['names a segment twice', () => journal({ done: [0], partial: { 0: 5 } })],
  ['names a segment past the end', () => journal({ done: [2] })],
  ['has more of a segment than there is', () => journal({ partial: { 1: 1001 } })],
  ['has segments of no size', () => journal({ segmentSize: 0 })],
  ['has a negative count', () => journal({ partial: { 0: -1 } })],
  ['belongs to a part that was cut', () => truncate(partPath(target), 500)],
  ['belongs to a part that is gone', () => rm(partPath(target))],
])('a journal that %s is not believed', async (_, spoil) => {
  const part = await openPart(target, of);
  await part.write(Buffer.alloc(1000), 0);
  await part.close();
  expect(await partBytes(target, of)).toBe(1000);
  await spoil();
  expect(await partBytes(target, of)).toBe(0);
  const again = await openPart(target, of);
  expect(again.missing()).toEqual({ start: 0, end: segmentSize });
  await again.close();
});
