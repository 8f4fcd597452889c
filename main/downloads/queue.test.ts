/** Downloads against the stand-in Hub: what a person gets, and what went over the wire. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { seeded } from '../../e2e/hub/content.ts';
import { goodToken } from '../../e2e/hub/exchange.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import { ended, openStandIn, repo, type StandIn, when } from './standIn.ts';

const MiB = 1024 * 1024;
const path = 'Tiny-Q8_0.gguf';
let standIn: StandIn;
afterEach(() => standIn.close());

const one = async (size: number, token?: string): Promise<StandIn> => {
  standIn = await openStandIn({ [path]: seeded('one', size) }, token);
  return standIn;
};
const what = () => ({ repo, commit: standIn.commit, quantization: path });
const onDisk = (name: string): string => join(standIn.models, repo, name);
const sha256 = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
const half = (job: DownloadJob): boolean => job.received > job.size / 3;
const bytesOf = (range: string): number => {
  const [, start, end] = /bytes=(\d+)-(\d+)/.exec(range)!;
  return Number(end) - Number(start) + 1;
};
/** Nothing but the finished file and what is known about it. */
const left = (): string[] => readdirSync(join(standIn.models, repo)).sort();

test('a file arrives to the byte, is compared with the Hub and then gets its name', async () => {
  await one(130 * MiB + 5);
  const finished: DownloadJob[] = [];
  const downloads = standIn.open({ onFinished: (job) => finished.push(job) });
  const started = await downloads.start(what());
  expect(started).toMatchObject({ repo, label: 'Q8_0', size: 130 * MiB + 5, received: 0 });
  expect(await ended(downloads)).toMatchObject({ state: 'done', received: 130 * MiB + 5, verified: 130 * MiB + 5 });
  expect(await sha256(onDisk(path))).toBe(standIn.file(path).sha256);
  expect(left()).toEqual([path, `${path}.meta.json`]);
  expect(JSON.parse(await readFile(onDisk(`${path}.meta.json`), 'utf8'))).toMatchObject({ repo, commit: standIn.commit, sha256: standIn.file(path).sha256 });
  // The first one shows that the server knows ranges; the others come at once, in either order.
  const [first, ...others] = standIn.ranges();
  expect(first).toBe('bytes=0-67108863');
  expect(others.toSorted()).toEqual([`bytes=134217728-${130 * MiB + 4}`, 'bytes=67108864-134217727']);
  expect(finished).toHaveLength(1);
});

test('shards and projector are one job, and a file that is there is not fetched again', async () => {
  const names = ['Q8_0/Tiny-Q8_0-00001-of-00002.gguf', 'Q8_0/Tiny-Q8_0-00002-of-00002.gguf', 'mmproj-F16.gguf'];
  standIn = await openStandIn(Object.fromEntries(names.map((name, index) => [name, seeded(name, 200_000 + index)])));
  const downloads = standIn.open();
  await downloads.start({ ...what(), quantization: names[0]! });
  const job = await ended(downloads);
  expect(job).toMatchObject({ state: 'done', size: 600_003, received: 600_003 });
  expect(job.files.map((file) => file.path)).toEqual(names);
  for (const name of names) expect(await sha256(onDisk(name))).toBe(standIn.file(name).sha256);

  standIn.hub.log.length = 0;
  await downloads.start({ ...what(), quantization: names[0]! });
  expect(await ended(downloads)).toMatchObject({ state: 'done', received: 600_003 });
  expect(standIn.hub.log).toEqual([]);
});

test('a file that came from elsewhere is compared once, and kept when it is the same', async () => {
  await one(300_000);
  await mkdir(join(standIn.models, repo), { recursive: true });
  await writeFile(onDisk(path), await seeded('one', 300_000).read(0, 300_000));
  const downloads = standIn.open();
  await downloads.start(what());
  expect(await ended(downloads)).toMatchObject({ state: 'done' });
  expect(standIn.hub.log).toEqual([]);
  expect(left()).toEqual([path, `${path}.meta.json`]);
});

test('a second start gives the same job', async () => {
  await one(300_000);
  const finished: DownloadJob[] = [];
  const downloads = standIn.open({ onFinished: (job) => finished.push(job) });
  const [first, second] = await Promise.all([downloads.start(what()), downloads.start(what())]);
  expect(second).toEqual(first);
  expect((await downloads.start(what())).createdAt).toBe(first.createdAt);
  await ended(downloads);
  expect(standIn.ranges()).toHaveLength(1);
});

test('pause keeps what arrived, resume asks for the rest only', async () => {
  await one(12 * MiB);
  standIn.hub.setRate(8 * MiB);
  const downloads = standIn.open();
  const { id } = await downloads.start(what());
  const running = await when(downloads, (job) => half(job) && job.rate > 0);
  expect(running.secondsLeft).toBeCloseTo((running.size - running.received) / running.rate);
  await downloads.pause(id);
  const paused = await when(downloads, ({ state }) => state === 'paused');
  expect(paused).toMatchObject({ rate: 0, secondsLeft: null });
  const before = standIn.ranges().length;
  standIn.hub.setRate(undefined);
  await downloads.resume(id);
  expect(await ended(downloads)).toMatchObject({ state: 'done' });
  const [again] = standIn.ranges().slice(before);
  expect(bytesOf(again!)).toBe(12 * MiB - paused.received);
  expect(await sha256(onDisk(path))).toBe(standIn.file(path).sha256);
});

test('closing and opening again goes on by itself; a paused job stays paused', async () => {
  await one(12 * MiB);
  standIn.hub.setRate(8 * MiB);
  const first = standIn.open();
  await first.start(what());
  await when(first, half);
  await first.close();
  const second = standIn.open();
  const { id, received } = await when(second, ({ state }) => state === 'running');
  expect(received).toBeGreaterThan(4 * MiB);
  await second.pause(id);
  await second.close();
  const third = standIn.open();
  expect(await when(third, () => true)).toMatchObject({ state: 'paused' });
  standIn.hub.setRate(undefined);
  await third.resume(id);
  expect(await ended(third)).toMatchObject({ state: 'done' });
  expect(await sha256(onDisk(path))).toBe(standIn.file(path).sha256);
});

test('cancel removes what had arrived', async () => {
  await one(12 * MiB);
  standIn.hub.setRate(8 * MiB);
  const downloads = standIn.open();
  const { id } = await downloads.start(what());
  await when(downloads, half);
  await downloads.cancel(id);
  expect(left()).toEqual([]);
  for await (const jobs of downloads.watch(AbortSignal.timeout(1000))) {
    expect(jobs).toEqual([]);
    break;
  }
  await expect(downloads.resume(id)).rejects.toMatchObject({ code: 'download.notFound' });
});

test.each([
  ['an expired link', { at: 'cdn', kind: 'expired' }],
  ['a server error', { at: 'cdn', kind: 'status', status: 503, times: 3 }],
  ['a server error of the Hub', { at: 'hub', kind: 'status', status: 502 }],
  ['a rate limit', { at: 'cdn', kind: 'rateLimited', seconds: 1, form: 'Retry-After' }],
  ['a body that ends early', { at: 'cdn', kind: 'truncate' }],
  ['a chunked body that ends early', { at: 'cdn', kind: 'truncate', chunked: true }],
  ['a reset', { at: 'cdn', kind: 'reset' }],
  ['a connection closed without a word', { at: 'cdn', kind: 'refuse' }],
  ['silence before the headers', { at: 'cdn', kind: 'stall', after: 'nothing' }],
  ['silence in the body', { at: 'cdn', kind: 'stall' }],
  ['another range than asked', { at: 'cdn', kind: 'wrongRange' }],
  ['the range of another file', { at: 'cdn', kind: 'wrongRange', shift: 0, total: 7 }],
  ['more bytes than asked', { at: 'cdn', kind: 'extraBytes' }],
  ['a gzipped body', { at: 'cdn', kind: 'gzip' }],
  ['a range that cannot be', { at: 'cdn', kind: 'unsatisfiable' }],
  ['a server without ranges', { at: 'cdn', kind: 'noRanges', times: 'always' }],
  ['a flipped byte', { at: 'cdn', kind: 'flip' }],
] as const)('goes on after %s', async (_, fault) => {
  await one(3 * MiB);
  standIn.hub.fault(fault);
  const downloads = standIn.open();
  await downloads.start(what());
  const job = await ended(downloads);
  expect(job.error).toBeUndefined();
  expect(await sha256(onDisk(path))).toBe(standIn.file(path).sha256);
  expect(left()).toEqual([path, `${path}.meta.json`]);
});

test('what arrived before a break is not asked for again', async () => {
  await one(6 * MiB);
  standIn.hub.fault({ at: 'cdn', kind: 'truncate', after: 4 * MiB });
  const downloads = standIn.open();
  await downloads.start(what());
  await ended(downloads);
  expect(standIn.ranges()).toEqual([`bytes=0-${6 * MiB - 1}`, `bytes=${4 * MiB}-${6 * MiB - 1}`]);
  expect(await sha256(onDisk(path))).toBe(standIn.file(path).sha256);
});

test('one whole file for a range changes nothing; a server that knows no ranges begins anew', async () => {
  await one(6 * MiB);
  standIn.hub.fault({ at: 'cdn', kind: 'truncate', after: 4 * MiB });
  standIn.hub.fault({ at: 'cdn', kind: 'ignoreRange', nth: 2 });
  const downloads = standIn.open();
  const { id } = await downloads.start(what());
  await ended(downloads);
  expect(standIn.ranges().map(bytesOf)).toEqual([6 * MiB, 2 * MiB, 2 * MiB]);
  await downloads.cancel(id);
  await rm(onDisk(path));

  standIn.hub.log.length = 0;
  standIn.hub.fault({ at: 'cdn', kind: 'truncate', after: 4 * MiB });
  standIn.hub.fault({ at: 'cdn', kind: 'ignoreRange', nth: 2, times: 'always' });
  await downloads.start(what());
  expect(await ended(downloads)).toMatchObject({ state: 'done', received: 6 * MiB });
  expect(await sha256(onDisk(path))).toBe(standIn.file(path).sha256);
  expect(standIn.hub.log.filter(({ at }) => at === 'cdn').map(({ status }) => status)).toEqual([206, 200, 200, 200]);
});

test('an expired link costs one question to the Hub', async () => {
  await one(3 * MiB);
  standIn.hub.fault({ at: 'cdn', kind: 'expired' });
  const downloads = standIn.open();
  await downloads.start(what());
  await ended(downloads);
  expect(standIn.hub.log.filter(({ at }) => at === 'hub')).toHaveLength(2);
});

test.each([
  ['links that are always refused', { at: 'cdn', kind: 'expired', times: 'always' }, 'hub.linkRefused'],
  ['a server that is down', { at: 'cdn', kind: 'status', status: 500, times: 'always' }, 'hub.server'],
  ['a server that stays silent', { at: 'cdn', kind: 'stall', after: 'nothing', times: 'always' }, 'download.stalled'],
  ['a file too big for plain HTTP', { at: 'cdn', kind: 'tooBig' }, 'hub.tooBig'],
  ['ranges that are always wrong', { at: 'cdn', kind: 'wrongRange', times: 'always' }, 'hub.badAnswer'],
  ['bodies that are always too long', { at: 'cdn', kind: 'extraBytes', times: 'always' }, 'hub.badAnswer'],
  ['content that was replaced', { at: 'hub', kind: 'etagChanged', times: 'always' }, 'download.changed'],
  ['a size that was changed', { at: 'hub', kind: 'sizeChanged', times: 'always' }, 'download.changed'],
  ['a repository that became gated', { at: 'hub', kind: 'gated', times: 'always' }, 'hub.gated'],
  ['a byte that is always flipped', { at: 'cdn', kind: 'flip', times: 'always' }, 'download.hashMismatch'],
] as const)('stops at %s, and goes on when it is over', async (_, fault, code) => {
  await one(3 * MiB);
  standIn.hub.fault(fault);
  const downloads = standIn.open({ patience: { stallMs: 1000, retryMs: 1, tries: 2 } });
  const { id } = await downloads.start(what());
  const job = await ended(downloads);
  expect(job.error?.code).toBe(code);
  expect(existsSync(onDisk(path))).toBe(false);
  standIn.hub.clearFaults();
  await downloads.resume(id);
  expect(await ended(downloads)).toMatchObject({ state: 'done' });
  expect(await sha256(onDisk(path))).toBe(standIn.file(path).sha256);
});

test('two mismatches: both hashes are told and nothing of it is kept', async () => {
  await one(3 * MiB);
  standIn.hub.fault({ at: 'cdn', kind: 'flip', times: 'always' });
  const downloads = standIn.open();
  await downloads.start(what());
  const { error } = await ended(downloads);
  expect(error).toMatchObject({ code: 'download.hashMismatch', data: { file: path, expected: standIn.file(path).sha256 } });
  expect(error?.data?.actual).toMatch(/^[0-9a-f]{64}$/);
  expect(standIn.ranges()).toHaveLength(2);
  expect(left()).toEqual([]);
});

test('a link that turns into other content midway stops the download', async () => {
  await one(6 * MiB);
  standIn.hub.fault({ at: 'cdn', kind: 'reset', after: 3 * MiB });
  standIn.hub.fault({ at: 'cdn', kind: 'expired', nth: 2 });
  standIn.hub.fault({ at: 'hub', kind: 'etagChanged', nth: 2 });
  const downloads = standIn.open();
  await downloads.start(what());
  expect((await ended(downloads)).error?.code).toBe('download.changed');
});

test('a hash that the list does not tell is the one of the link', async () => {
  await one(3 * MiB);
  const { sha256: known, ...file } = standIn.file(path);
  const detail = await standIn.model();
  const downloads = standIn.open({ model: async () => ({ ...detail, quantizations: [{ ...detail.quantizations[0]!, files: [file] }] }) });
  standIn.hub.fault({ at: 'cdn', kind: 'flip' });
  await downloads.start(what());
  expect(await ended(downloads)).toMatchObject({ state: 'done', files: [{ sha256: known }] });
  expect(standIn.ranges()).toHaveLength(2);
  expect(await sha256(onDisk(path))).toBe(known);
});

test('the token goes to the Hub and nowhere else', async () => {
  await one(3 * MiB, goodToken);
  standIn.hub.fault({ at: 'cdn', kind: 'expired' });
  const downloads = standIn.open();
  await downloads.start(what());
  expect(await ended(downloads)).toMatchObject({ state: 'done' });
  const tokens = (at: string) => standIn.hub.log.filter((entry) => entry.at === at).map(({ headers }) => headers.authorization);
  expect(new Set(tokens('hub'))).toEqual(new Set([`Bearer ${goodToken}`]));
  expect(new Set(tokens('cdn'))).toEqual(new Set([undefined]));
});

test('names that lead out of the models folder are refused', async () => {
  await one(3 * MiB);
  const detail = await standIn.model();
  const evil = { ...standIn.file(path), path: '../../../outside.gguf' };
  const downloads = standIn.open({ model: async () => ({ ...detail, quantizations: [{ id: evil.path, label: '?', files: [evil], size: evil.size }] }) });
  await expect(downloads.start({ ...what(), quantization: evil.path })).rejects.toMatchObject({ code: 'hub.unsafeName' });
});

test('too little room is said before anything is fetched', async () => {
  await one(3 * MiB);
  const downloads = standIn.open({ spareBytes: 1e18 });
  await downloads.start(what());
  const { state, error } = await ended(downloads);
  expect(state).toBe('failed');
  expect(error?.code).toBe('download.diskFull');
  expect(error?.data?.missing).toBeGreaterThan(9e17);
  expect(standIn.hub.log).toEqual([]);
});

test('a models folder that cannot be is said, and the download goes on once it can', async () => {
  await one(MiB);
  await rm(standIn.models, { recursive: true });
  await writeFile(standIn.models, 'a file');
  const unforeseen: unknown[] = [];
  const downloads = standIn.open({ log: { warn() {}, error: (_, data) => unforeseen.push(data) } });
  const { id } = await downloads.start(what());
  expect(await ended(downloads)).toMatchObject({ state: 'failed', error: { code: 'download.writing', data: { reason: 'EEXIST' } } });
  await rm(standIn.models);
  await downloads.resume(id);
  expect((await ended(downloads)).state).toBe('done');
  expect(unforeseen).toEqual([]);
});

test('a download whose part cannot be removed says so and stays on the list', async () => {
  await one(8 * MiB);
  standIn.hub.setRate(MiB);
  const downloads = standIn.open();
  const { id } = await downloads.start(what());
  await when(downloads, ({ received }) => received > 0);
  await downloads.pause(id);
  const part = onDisk(`${path}.part`);
  await rm(part);
  await mkdir(join(part, 'in the way'), { recursive: true });
  await expect(downloads.cancel(id)).rejects.toMatchObject({ code: 'download.writing' });
  expect(downloads.list()).toMatchObject([{ id, state: 'paused' }]);
  await rm(part, { recursive: true });
  await downloads.cancel(id);
  expect(downloads.list()).toEqual([]);
});

test('what nobody foresaw is heard by the log', async () => {
  await one(MiB);
  const error = new Error('nobody foresaw it');
  const unforeseen: unknown[] = [];
  const elsewhere = (): never => {
    throw error;
  };
  const downloads = standIn.open({ elsewhere, log: { warn() {}, error: (_, data) => unforeseen.push(data) } });
  await downloads.start(what());
  expect(await ended(downloads)).toMatchObject({ state: 'failed', error: { code: 'internal' } });
  expect(unforeseen).toEqual([{ error }]);
});

test('dismiss takes a finished job off the list and leaves the file', async () => {
  await one(300_000);
  const downloads = standIn.open();
  const { id } = await downloads.start(what());
  await ended(downloads);
  await downloads.dismiss(id);
  expect(existsSync(onDisk(path))).toBe(true);
  await downloads.close();
  for await (const jobs of standIn.open().watch(AbortSignal.timeout(1000))) {
    expect(jobs).toEqual([]);
    break;
  }
});
