/** A transfer from servers that lie in ways that an HTTP server in Node does not. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { partPath } from './journal.ts';
import { type Source, transfer } from './transfer.ts';

const content = Buffer.from(Array.from({ length: 10_000 }, (_, index) => (index * 7) % 251));
const size = content.length;
let folder: string;
let asked: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-transfer-'));
  asked = [];
});
afterEach(() => rm(folder, { recursive: true }));

/** Answers each range with what `lies` says for the n-th request, and honestly after the last of them. */
function source(...lies: ((start: number, end: number) => { headers?: Record<string, string>; body: Uint8Array })[]): Source {
  return {
    resolve: async () => ({ url: 'https://cdn.example/file', size, commit: 'c'.repeat(40) }),
    async get(_, { range }) {
      const { start, end } = { end: size - 1, start: 0, ...range };
      asked.push(`${start}-${end}`);
      const { headers, body } = lies.shift()?.(start, end + 1) ?? { body: content.subarray(start, end + 1) };
      // In pieces, so that what is wrong may come after what was right.
      const pieces = Array.from({ length: Math.ceil(body.length / 400) }, (_, index) => Uint8Array.from(body.subarray(index * 400, index * 400 + 400)));
      return { status: 206, headers: new Headers({ 'content-range': `bytes ${start}-${end}/${size}`, ...headers }), body: ReadableStream.from(pieces) };
    },
  };
}
const run = (from: Source, signal = AbortSignal.timeout(10_000)) =>
  transfer({
    source: from,
    file: { repo: 'a/b', commit: 'c'.repeat(40), path: 'x.gguf', size, sha256: undefined },
    target: join(folder, 'x.gguf'),
    signal,
    patience: { retryMs: 1, tries: 3 },
  });
const arrived = (): Promise<Buffer> => readFile(partPath(join(folder, 'x.gguf')));

test('a body that goes on after its range is not kept at all', async () => {
  await run(source((start, end) => ({ body: Buffer.concat([Buffer.alloc(end - start, 9), Buffer.alloc(1)]) })));
  expect(asked).toEqual([`0-${size - 1}`, `0-${size - 1}`]);
  expect(await arrived()).toEqual(content);
});

test('bodies that are always empty end the transfer', async () => {
  const empty = () => ({ body: Buffer.alloc(0) });
  await expect(run(source(...Array(20).fill(empty)))).rejects.toMatchObject({ code: 'hub.badAnswer' });
  expect(asked).toHaveLength(4);
});

test('an encoded body is not taken for the bytes themselves', async () => {
  await run(source((start, end) => ({ headers: { 'content-encoding': 'br' }, body: Buffer.alloc(end - start, 9) })));
  expect(asked).toHaveLength(2);
  expect(await arrived()).toEqual(content);
});

test('as long as bytes come, any number of breaks is survived', async () => {
  await run(source(...Array(12).fill((start: number) => ({ body: content.subarray(start, start + 500) }))));
  expect(asked.slice(0, 3)).toEqual([`0-${size - 1}`, `500-${size - 1}`, `1000-${size - 1}`]);
  expect(await arrived()).toEqual(content);
});

test('an abort ends it with its reason, and what had arrived is kept', async () => {
  const abort = new AbortController();
  const reason = new Error('paused');
  const from = source((start) => ({ body: content.subarray(start, start + 500) }));
  const get: Source['get'] = (url, options) => {
    if (asked.length === 1) abort.abort(reason);
    return from.get(url, options);
  };
  await expect(run({ ...from, get }, abort.signal)).rejects.toBe(reason);
  await run(from);
  expect(asked.at(-1)).toBe(`500-${size - 1}`);
});
