/** What is fetched again when the hash is another one, and the hash of a file that grows. */
import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchVerified } from './fetch.ts';
import { partPath } from './journal.ts';
import type { Source } from './transfer.ts';
import { hashWhileItGrows } from './verify.ts';

const MiB = 1024 * 1024;
const size = 10 * MiB;
const content = Buffer.alloc(size);
for (let at = 0; at < size; at += 4) content.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
const sha256 = createHash('sha256').update(content).digest('hex');
const file = { repo: 'a/b', commit: 'c'.repeat(40), path: 'x.gguf', size, sha256 };
let folder: string;
let target: string;
let asked: number[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-fetch-'));
  target = join(folder, 'x.gguf');
  asked = [];
});
afterEach(() => rm(folder, { recursive: true }));

/** Serves segments of 1 MiB; a byte is wrong where `isWrong` says so of a segment's number and how often it was asked before. */
function source(isWrong: (segment: number, before: number) => boolean = () => false): Source {
  return {
    resolve: async () => ({ url: 'https://cdn.example/file', size, commit: 'c'.repeat(40), sha256 }),
    async get(_, { range }) {
      const { start, end = size - 1 } = range!;
      const segment = Math.floor(start / MiB);
      const bytes = Buffer.from(content.subarray(start, end + 1));
      if (isWrong(segment, asked.filter((each) => each === segment).length)) bytes[0] = bytes[0]! ^ 1;
      asked.push(segment);
      return { status: 206, headers: new Headers({ 'content-range': `bytes ${start}-${end}/${size}` }), body: ReadableStream.from([bytes]) };
    },
  };
}
const run = (from: Source, signal = AbortSignal.timeout(20_000)) =>
  fetchVerified({ source: from, file, target, signal, segmentSize: MiB, patience: { retryMs: 1 }, onVerifying() {} });
const isWhole = async (): Promise<boolean> => content.equals(await readFile(partPath(target)));
const again = (): number[] => asked.filter((segment, index) => asked.indexOf(segment) !== index).sort((a, b) => a - b);

test('what is right is fetched once', async () => {
  expect(await run(source())).toBe(sha256);
  expect(again()).toEqual([]);
  expect(await isWhole()).toBe(true);
});

test('a segment that is not on the disk as it came is fetched again, and nothing else', async () => {
  const abort = new AbortController();
  const from = source();
  const get: Source['get'] = (...asking) => {
    if (asked.length === 8) abort.abort(new Error('paused'));
    return from.get(...asking);
  };
  await expect(run({ ...from, get }, abort.signal)).rejects.toThrow('paused');
  const handle = await open(partPath(target), 'r+');
  await handle.write(Buffer.from([content[2 * MiB + 7]! ^ 1]), 0, 1, 2 * MiB + 7);
  await handle.close();
  asked = [];
  expect(await run(from)).toBe(sha256);
  expect(asked.filter((segment) => segment < 4)).toEqual([2]);
  expect(await isWhole()).toBe(true);
});

test('a segment that the network brought wrong is searched from the beginning, and not longer than needed', async () => {
  expect(await run(source((segment, before) => segment === 1 && before === 0))).toBe(sha256);
  expect(again()).toEqual([0, 1, 2, 3]);
  expect(await isWhole()).toBe(true);
});

test('two wrong segments far apart are both found', async () => {
  const wrong = new Set([2, 9]);
  expect(await run(source((segment, before) => wrong.has(segment) && before === 0))).toBe(sha256);
  expect(again()).toHaveLength(10);
  expect(await isWhole()).toBe(true);
});

test('a file that is always wrong is fetched twice, told with both hashes, and not kept', async () => {
  const fetching = run(source((segment) => segment === 3));
  await expect(fetching).rejects.toMatchObject({ code: 'download.hashMismatch', data: { expected: sha256, actual: expect.stringMatching(/^[0-9a-f]{64}$/) } });
  expect(asked).toHaveLength(20);
  await expect(readFile(partPath(target))).rejects.toThrow('ENOENT');
});

test('the hash of a file goes back to where it was written anew', async () => {
  const path = join(folder, 'grows');
  const step = 64 * MiB;
  const first = Buffer.alloc(step + 5 * MiB, 1);
  const second = Buffer.alloc(10 * MiB, 2);
  const handle = await open(path, 'w');
  const hash = hashWhileItGrows(path);
  try {
    await handle.write(first, 0, first.length, 0);
    hash.reach(first.length);
    expect(await hash.digest(first.length, AbortSignal.timeout(20_000))).toBe(createHash('sha256').update(first).digest('hex'));
    hash.reach(step);
    await handle.write(second, 0, second.length, step);
    hash.reach(step + second.length);
    const expected = createHash('sha256').update(first.subarray(0, step)).update(second).digest('hex');
    expect(await hash.digest(step + second.length, AbortSignal.timeout(20_000))).toBe(expected);
  } finally {
    await hash.close();
    await handle.close();
  }
});
