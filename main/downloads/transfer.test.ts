/** A transfer from servers that lie in ways that an HTTP server in Node does not, and over several connections. */
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fault } from '../../shared/result.ts';
import { partBytes, partPath } from './journal.ts';
import { type Progress, type Source, type TransferOptions, transfer } from './transfer.ts';

const content = Buffer.from(Array.from({ length: 10_000 }, (_, index) => (index * 7) % 251));
const size = content.length;
let folder: string;
let asked: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-transfer-'));
  asked = [];
});
afterEach(() => rm(folder, { recursive: true }));

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body: Uint8Array | ReadableStream<Uint8Array>;
}
type Lie = (start: number, end: number) => Answer | Promise<Answer>;

/** In pieces, so that what is wrong may come after what was right. */
const pieces = (body: Uint8Array): Uint8Array[] =>
  Array.from({ length: Math.ceil(body.length / 400) }, (_, index) => Uint8Array.from(body.subarray(index * 400, index * 400 + 400)));

/** Answers each range with what `lies` says for the n-th request, and honestly after the last of them. */
function source(...lies: (Lie | undefined)[]): Source {
  return {
    resolve: async () => ({ url: 'https://cdn.example/file', size, commit: 'c'.repeat(40) }),
    async get(_, { range }) {
      const { start, end } = { end: size - 1, start: 0, ...range };
      asked.push(`${start}-${end}`);
      const { status = 206, headers, body } = (await lies.shift()?.(start, end + 1)) ?? { body: content.subarray(start, end + 1) };
      return {
        status,
        headers: new Headers({ 'content-range': `bytes ${start}-${end}/${size}`, ...headers }),
        body: body instanceof ReadableStream ? body : ReadableStream.from(pieces(body)),
      };
    },
  };
}
const file = { repo: 'a/b', commit: 'c'.repeat(40), path: 'x.gguf', size, sha256: undefined };
const run = (from: Source, options: Partial<TransferOptions> = {}) =>
  transfer({
    source: from,
    file,
    target: join(folder, 'x.gguf'),
    signal: AbortSignal.timeout(10_000),
    ...options,
    patience: { retryMs: 1, tries: 3, ...options.patience },
  });
const arrived = (): Promise<Buffer> => readFile(partPath(join(folder, 'x.gguf')));
/** Ten segments. */
const segmented = { segmentSize: 1000 };

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
  await expect(run({ ...from, get }, { signal: abort.signal })).rejects.toBe(reason);
  await run(from);
  expect(asked.at(-1)).toBe(`500-${size - 1}`);
});

test('an abort before the first request lets go of the file too', async ({ skip }) => {
  if (process.platform !== 'linux') skip('only Linux tells which files are open');
  const abort = new AbortController();
  const reason = new Error('paused');
  const onProgress = (): void => abort.signal.throwIfAborted();
  await expect(run(source(), { signal: abort.signal, onFound: async () => abort.abort(reason), onProgress })).rejects.toBe(reason);
  expect(asked).toEqual([]);
  const opened = await Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  expect(opened.filter((name) => name.startsWith(folder))).toEqual([]);
});

/** Counts how many answers are under way at once. */
function counted(from: Source): { from: Source; most(): number } {
  let now = 0;
  let most = 0;
  return {
    most: () => most,
    from: {
      ...from,
      async get(...asking) {
        most = Math.max(most, ++now);
        await sleep(20);
        return from.get(...asking).finally(() => now--);
      },
    },
  };
}

test('the first answer comes alone, then four at once', async () => {
  const { from, most } = counted(source());
  let first = 0;
  const get: Source['get'] = async (...asking) => {
    const answer = await from.get(...asking);
    first ||= asked.length;
    return answer;
  };
  await run({ ...from, get }, segmented);
  expect(first).toBe(1);
  expect(most()).toBe(4);
  expect(new Set(asked).size).toBe(10);
  expect(await arrived()).toEqual(content);
});

test('a server that has too many of us gets fewer', async () => {
  const crowded: Lie = () => ({ status: 429, headers: { 'retry-after': '60' }, body: Buffer.alloc(0) });
  // The three that join are sent away: they are not made again, nor is their minute waited for.
  const { from } = counted(source(undefined, crowded, crowded, crowded));
  await run(from, segmented);
  expect(asked).toHaveLength(13);
  expect(await arrived()).toEqual(content);
});

test('a silent connection is dropped and made again from where it stopped, and that is told', async () => {
  const half: Lie = (start) => ({
    body: new ReadableStream({ start: (controller) => controller.enqueue(Uint8Array.from(content.subarray(start, start + 300))) }),
  });
  const told: Progress[] = [];
  await run(source(undefined, half), { ...segmented, patience: { stallMs: 1000 }, onProgress: (progress) => told.push(progress) });
  expect(asked).toContain('1300-1999');
  expect(Math.max(...told.map(({ reconnecting }) => reconnecting))).toBe(1);
  // It is over with its first bytes, not with its last.
  const since = told.slice(told.findIndex(({ reconnecting }) => reconnecting === 1));
  expect(since.some(({ received, reconnecting }) => reconnecting === 0 && received < size)).toBe(true);
  expect(told.at(-1)).toEqual({ received: size, prefix: size, reconnecting: 0 });
  expect(await arrived()).toEqual(content);
});

test('one question for another link serves all connections', async () => {
  const expired: Lie = () => ({ status: 403, body: Buffer.alloc(0) });
  let resolved = 0;
  const from = counted(source(undefined, expired, expired, expired)).from;
  const resolve: Source['resolve'] = async (...asking) => {
    resolved++;
    await sleep(30);
    return from.resolve(...asking);
  };
  await run({ ...from, resolve }, segmented);
  expect(resolved).toBe(2);
  expect(await arrived()).toEqual(content);
});

test('the pace is asked for every byte', async () => {
  let paced = 0;
  await run(source(), {
    ...segmented,
    pace: async (bytes) => {
      paced += bytes;
    },
  });
  expect(paced).toBe(size);
});

/** Sends a little and then nothing for long. */
const slow: Lie = (start) => ({
  body: ReadableStream.from(
    (async function* () {
      yield Uint8Array.from(content.subarray(start, start + 300));
      await sleep(8000);
    })(),
  ),
});

test('a disk that is nearly full ends it with what is missing, and keeps what arrived', async () => {
  await expect(run(source(slow), { spareBytes: 1e18 })).rejects.toSatisfy(
    (error) => error instanceof Fault && error.code === 'download.diskLow' && Number(error.data?.missing) > 9e17,
  );
  expect(await partBytes(join(folder, 'x.gguf'), file)).toBe(300);
});

test('a part that is removed while it is written ends it, and nothing more is fetched for it', async () => {
  const begun = run(source(slow));
  await expect.poll(() => arrived().catch(() => undefined)).toBeDefined();
  await rm(partPath(join(folder, 'x.gguf')));
  await expect(begun).rejects.toMatchObject({ code: 'download.writing', data: { reason: 'ENOENT' } });
  await run(source());
  expect(await arrived()).toEqual(content);
});

test('a part begun with other segments goes on with those', async () => {
  const abort = new AbortController();
  await expect(
    run(source(), { segmentSize: 3000, signal: abort.signal, onProgress: ({ received }) => received >= 3000 && abort.abort(new Error('paused')) }),
  ).rejects.toThrow('paused');
  asked = [];
  await run(source(), segmented);
  expect(asked.every((range) => Number(range.split('-')[1]) % 3000 === 2999 || range.endsWith('-9999'))).toBe(true);
  expect(await arrived()).toEqual(content);
});
