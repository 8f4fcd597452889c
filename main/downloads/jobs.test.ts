/** Several downloads, against the stand-in Hub: who goes first, what is shared, what was replaced, what outlives the app. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { seeded } from '../../e2e/hub/content.ts';
import { startHub } from '../../e2e/hub/start.ts';
import { Fault } from '../../shared/result.ts';
import type { DownloadJob } from '../../shared/schemas/download.ts';
import type { ModelDetail } from '../../shared/schemas/hub.ts';
import { defaultDownloadSettings } from '../../shared/schemas/settings.ts';
import { createHub } from '../hub/client.ts';
import { createBin } from '../library/bin.ts';
import { readMeta } from '../library/meta.ts';
import type { Downloads, DownloadsOptions } from './queue.ts';
import { openStandIn, repo, type StandIn } from './standIn.ts';

const MiB = 1024 * 1024;
const [a, b, c] = ['Tiny-A.gguf', 'Tiny-B.gguf', 'Tiny-C.gguf'] as const;
let standIn: StandIn;
afterEach(() => standIn.close());

/** Each of the files is a quantization of its own. */
async function open(files: Record<string, [seed: string, size: number]>, options: Partial<DownloadsOptions> = {}): Promise<Downloads> {
  standIn = await openStandIn(Object.fromEntries(Object.entries(files).map(([path, [seed, size]]) => [path, seeded(seed, size)])));
  return standIn.open({ model: separate, ...options });
}
/** What the repository has now, each file by itself. */
async function separate(): Promise<ModelDetail> {
  const detail = await standIn.model();
  const { commit, files } = standIn.hub.repository(repo).snapshots.at(-1)!;
  const known = [...files].filter(([path]) => path.endsWith('.gguf')).map(([path, { size, lfs }]) => ({ path, size, ...(lfs && { sha256: lfs.oid }) }));
  const quantizations = known
    .filter(({ path }) => !path.includes('mmproj'))
    .map((file) => ({ id: file.path, label: file.path.slice(5, 6), files: [file], size: file.size }));
  return { ...detail, commit, quantizations };
}
const start = (downloads: Downloads, quantization: string): Promise<DownloadJob> => downloads.start({ repo, commit: standIn.commit, quantization });
async function until(downloads: Downloads, wanted: (jobs: DownloadJob[]) => boolean): Promise<DownloadJob[]> {
  for await (const jobs of downloads.watch(AbortSignal.timeout(25_000))) if (wanted(jobs)) return jobs;
  throw new Error('it never came to that');
}
const states = (jobs: DownloadJob[]): string => jobs.map(({ label, state }) => `${label} ${state}`).join(', ');
const allDone = (jobs: DownloadJob[]): boolean => jobs.length > 0 && jobs.every(({ state }) => state === 'done');
const sha256 = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
const onDisk = (path: string): string => join(standIn.models, repo, path);
const three = { [a]: ['a', 3 * MiB], [b]: ['b', 3 * MiB], [c]: ['c', 3 * MiB] } satisfies Record<string, [string, number]>;
const settings = (more: Partial<typeof defaultDownloadSettings>) => ({ ...defaultDownloadSettings, ...more });

test('as many run as may; the first of the list run, and a job that is moved up takes the place of another', async () => {
  const downloads = await open(three, { settings: settings({ atOnce: 1 }) });
  standIn.hub.setRate(256 * 1024);
  const ids: string[] = [];
  for (const path of [a, b, c]) ids.push((await start(downloads, path)).id);
  expect(states(await until(downloads, (jobs) => jobs[0]!.received > 0))).toBe('A running, B queued, C queued');
  downloads.adapt(settings({ atOnce: 2 }));
  await until(downloads, (jobs) => states(jobs) === 'A running, B running, C queued');
  await downloads.move(ids[2]!, ids[0]!);
  await until(downloads, (jobs) => states(jobs) === 'C running, A running, B queued');
  await downloads.move(ids[2]!, null);
  await until(downloads, (jobs) => states(jobs) === 'A running, B running, C queued');
  await downloads.close();
  const again = standIn.open({ model: separate, settings: settings({ atOnce: 1 }) });
  expect(states(await until(again, (jobs) => jobs.length === 3))).toMatch(/^A \w+, B queued, C queued$/);
  await expect(again.move('nobody', null)).rejects.toMatchObject({ code: 'download.notFound' });
  standIn.hub.setRate(undefined);
  await until(again, allDone);
});

test('pause all stops everything that is under way, and resume all goes on with it', async () => {
  const downloads = await open(three);
  standIn.hub.setRate(512 * 1024);
  for (const path of [a, b, c]) await start(downloads, path);
  await until(downloads, (jobs) => jobs[1]!.received > 0);
  await downloads.pauseAll();
  expect(states(await until(downloads, () => true))).toBe('A paused, B paused, C paused');
  const asked = standIn.hub.log.length;
  standIn.hub.setRate(undefined);
  await downloads.resumeAll();
  await until(downloads, allDone);
  expect(standIn.hub.log.length).toBeGreaterThan(asked);
  for (const path of [a, b, c]) expect(await sha256(onDisk(path))).toBe(standIn.file(path).sha256);
});

test('a limit is kept by all downloads together', async () => {
  const downloads = await open({ [a]: ['a', 2 * MiB], [b]: ['b', 2 * MiB] }, { settings: settings({ bytesPerSecond: 2 * MiB }) });
  await start(downloads, a);
  await start(downloads, b);
  const jobs = await until(downloads, (each) => each.length === 2 && each.every(({ rate }) => rate > 0));
  expect(jobs.reduce((sum, { rate }) => sum + rate, 0)).toBeLessThan(4 * MiB);
  downloads.adapt(settings({ bytesPerSecond: 0 }));
  await until(downloads, allDone);
});

test('outside its hours a job waits and says until when; inside them it goes on by itself', async () => {
  let now = new Date(2026, 10, 22, 12, 0);
  const downloads = await open(three, { now: () => now, settings: settings({ schedule: { on: true, from: 23 * 60, to: 7 * 60 } }) });
  await start(downloads, a);
  const [waiting] = await until(downloads, ([job]) => job?.waiting !== undefined);
  expect(waiting).toMatchObject({ state: 'queued', waiting: { for: 'schedule', until: new Date(2026, 10, 22, 23, 0).toISOString() } });
  expect(standIn.hub.log).toEqual([]);
  standIn.hub.setRate(MiB);
  now = new Date(2026, 10, 22, 23, 0);
  await until(downloads, ([job]) => job!.received > 0);
  now = new Date(2026, 10, 23, 7, 0);
  await until(downloads, ([job]) => job!.waiting?.for === 'schedule');
  downloads.adapt(defaultDownloadSettings);
  standIn.hub.setRate(undefined);
  expect((await until(downloads, allDone))[0]!.waiting).toBeUndefined();
});

test('two jobs with the same projector fetch it once; who leaves it to the other fetches its own meanwhile, and waits for no more', async () => {
  const files = { [a]: ['a', MiB], [b]: ['b', MiB], 'mmproj-F16.gguf': ['p', 2 * MiB] } satisfies Record<string, [string, number]>;
  const withProjector = async (): Promise<ModelDetail> => ({ ...(await separate()), projector: standIn.file('mmproj-F16.gguf') });
  const downloads = await open(files, { model: withProjector });
  standIn.hub.setRate(MiB);
  await start(downloads, a);
  await start(downloads, b);
  const waiting = await until(downloads, (jobs) => jobs[0]!.state === 'running' && jobs[1]?.waiting?.for === 'file');
  expect(waiting[1]!.files.map(({ received }) => received)).toEqual([MiB, 0]);
  expect(existsSync(onDisk(b))).toBe(false);
  standIn.hub.setRate(undefined);
  const done = await until(downloads, allDone);
  expect(done.map(({ received }) => received)).toEqual([3 * MiB, 3 * MiB]);
  expect(standIn.hub.log.filter(({ at }) => at === 'cdn').reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBe(4 * MiB);
  for (const path of [a, b, 'mmproj-F16.gguf']) expect(await sha256(onDisk(path))).toBe(standIn.file(path).sha256);
});

test('what a job left to another one it fetches itself when the other one is stopped', async () => {
  const files = { [a]: ['a', 8 * MiB], [b]: ['b', MiB], 'mmproj-F16.gguf': ['p', MiB] } satisfies Record<string, [string, number]>;
  const downloads = await open(files, { model: async () => ({ ...(await separate()), projector: standIn.file('mmproj-F16.gguf') }) });
  standIn.hub.setRate(MiB);
  const { id } = await start(downloads, a);
  await start(downloads, b);
  await until(downloads, (jobs) => jobs[1]?.waiting?.for === 'file');
  await downloads.pause(id);
  standIn.hub.setRate(undefined);
  expect(states(await until(downloads, (jobs) => jobs[1]!.state === 'done'))).toBe('A paused, B done');
  await downloads.resume(id);
  await until(downloads, allDone);
  for (const path of [a, b, 'mmproj-F16.gguf']) expect(await sha256(onDisk(path))).toBe(standIn.file(path).sha256);
});

test('a file that was there and is removed while its job fetches the rest comes again', async () => {
  const files = { [a]: ['a', MiB], [b]: ['b', 4 * MiB], 'mmproj-F16.gguf': ['p', MiB] } satisfies Record<string, [string, number]>;
  const downloads = await open(files, { model: async () => ({ ...(await separate()), projector: standIn.file('mmproj-F16.gguf') }) });
  await start(downloads, a);
  await until(downloads, allDone);
  standIn.hub.setRate(MiB);
  await start(downloads, b);
  await until(downloads, (jobs) => (jobs[1]?.received ?? 0) > MiB);
  await rm(onDisk('mmproj-F16.gguf'));
  standIn.hub.setRate(undefined);
  await until(downloads, allDone);
  for (const path of [b, 'mmproj-F16.gguf']) expect(await sha256(onDisk(path))).toBe(standIn.file(path).sha256);
});

test('content that another repository brought is linked after it was compared, and fetched where it is no longer the same', async () => {
  const downloads = await open({ [a]: ['same', MiB] });
  const there = join(standIn.models, 'other/Model-GGUF');
  const meta = { repo: 'other/Model-GGUF', commit: 'd'.repeat(40), path: 'Old.gguf', size: MiB, sha256: standIn.file(a).sha256 };
  await mkdir(there, { recursive: true });
  await writeFile(join(there, 'Old.gguf'), await seeded('same', MiB).read(0, MiB));
  await writeFile(join(there, 'Old.gguf.meta.json'), JSON.stringify({ ...meta, verifiedAt: new Date(Date.now() + 60_000).toISOString() }));
  const { id } = await start(downloads, a);
  await until(downloads, allDone);
  expect(standIn.hub.log).toEqual([]);
  expect(statSync(onDisk(a)).ino).toBe(statSync(join(there, 'Old.gguf')).ino);
  expect(readdirSync(join(standIn.models, repo)).sort()).toEqual([a, `${a}.meta.json`]);

  await downloads.dismiss(id);
  await rm(onDisk(a));
  await rm(`${onDisk(a)}.meta.json`);
  await writeFile(join(there, 'Old.gguf'), Buffer.alloc(MiB, 7));
  await start(downloads, a);
  await until(downloads, allDone);
  expect(standIn.ranges()).not.toEqual([]);
  expect(await sha256(onDisk(a))).toBe(standIn.file(a).sha256);
});

test('what was replaced on the Hub while paused goes on at its commit', async () => {
  const downloads = await open(three);
  standIn.hub.setRate(MiB);
  const { id } = await start(downloads, a);
  await until(downloads, ([job]) => job!.received > MiB);
  await downloads.pause(id);
  await standIn.hub.put(repo, { [a]: seeded('newer', 3 * MiB) });
  standIn.hub.setRate(undefined);
  await downloads.resume(id);
  await until(downloads, allDone);
  expect(await sha256(onDisk(a))).toBe(standIn.file(a).sha256);
});

test.each([
  ['whose version is gone', { at: 'hub', kind: 'revisionGone', times: 'always' }],
  ['whose content is another one', { at: 'hub', kind: 'etagChanged', times: 'always' }],
] as const)('a job %s asks; the new version takes its place with nothing of the old one', async (_, fault) => {
  const downloads = await open(three);
  standIn.hub.setRate(MiB);
  const { id } = await start(downloads, a);
  await until(downloads, ([job]) => job!.received > MiB);
  await downloads.pause(id);
  const commit = await standIn.hub.put(repo, { [a]: seeded('newer', 3 * MiB) });
  standIn.hub.fault(fault);
  await downloads.resume(id);
  const [stopped] = await until(downloads, ([job]) => job!.state === 'failed');
  expect(stopped!.error).toMatchObject({ code: 'download.changed', data: { file: a } });
  await downloads.resumeAll();
  expect(states(await until(downloads, () => true))).toBe('A failed');

  standIn.hub.clearFaults();
  standIn.hub.setRate(undefined);
  standIn.hub.log.length = 0;
  const renewed = await downloads.renew(id);
  expect(renewed).toMatchObject({ commit, quantization: a });
  const [done] = await until(downloads, allDone);
  expect(done!.id).toBe(renewed.id);
  expect(standIn.hub.log.filter(({ at }) => at === 'cdn').reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBe(3 * MiB);
  expect(await sha256(onDisk(a))).toBe(standIn.hub.repository(repo).snapshots.at(-1)!.files.get(a)!.lfs!.oid);
});

test('the file that a new version replaces goes to the bin, and comes back from there', async () => {
  const downloads = await open({ [a]: ['a', MiB] });
  const bin = createBin(standIn.models, true);
  // What was once written down about a file that is gone is nothing to keep.
  await mkdir(join(standIn.models, repo), { recursive: true });
  await writeFile(`${onDisk(a)}.meta.json`, '{}');
  const { id } = await start(downloads, a);
  await until(downloads, allDone);
  expect(existsSync(join(standIn.models, '.bin'))).toBe(false);
  await standIn.hub.put(repo, { [a]: seeded('newer', MiB) });
  const renewed = await downloads.renew(id);
  await until(downloads, ([job]) => job!.id === renewed.id && job!.state === 'done');
  expect(await sha256(onDisk(a))).toBe(renewed.files[0]!.sha256);
  const [old, ...others] = await bin.list();
  expect([old, others]).toMatchObject([{ name: 'download-GGUF', label: `A · ${standIn.commit.slice(0, 7)}` }, []]);

  await rm(onDisk(a));
  await rm(`${onDisk(a)}.meta.json`);
  expect(await bin.restore(old!.id)).toBe(true);
  expect(await sha256(onDisk(a))).toBe(standIn.file(a).sha256);
  expect(await readMeta(onDisk(a))).toMatchObject({ commit: standIn.commit });
});

test('a quantization that the new version lacks is said to be gone', async () => {
  const downloads = await open(three, { settings: settings({ schedule: { on: true, from: 0, to: 1 } }), now: () => new Date(2026, 10, 22, 12) });
  const { id } = await start(downloads, a);
  await standIn.hub.put(repo, { [a]: undefined });
  await expect(downloads.renew(id)).rejects.toMatchObject({ code: 'download.gone' });
});

test('a job goes on from its own hub only, unless the person says so', async () => {
  standIn = await openStandIn({ [a]: seeded('a', 3 * MiB) });
  const other = await startHub({ repositories: [{ repo, files: { [a]: seeded('a', 3 * MiB) } }] });
  const client = createHub({ endpoint: standIn.hub.endpoint, redirectHosts: [...standIn.hub.redirectHosts, ...other.redirectHosts], token: undefined });
  const downloads = standIn.open({ hub: client, model: separate });
  const use = (hub: { endpoint: string }): void => {
    client.use({ endpoint: hub.endpoint, redirectHosts: [...standIn.hub.redirectHosts, ...other.redirectHosts], token: undefined });
    downloads.hubChanged();
  };
  try {
    standIn.hub.setRate(MiB);
    const { id, endpoint } = await start(downloads, a);
    expect(endpoint).toBe(standIn.hub.endpoint);
    await until(downloads, ([job]) => job!.received > MiB);
    use(other);
    expect((await until(downloads, ([job]) => job!.waiting !== undefined))[0]!.waiting).toEqual({ for: 'hub', endpoint: standIn.hub.endpoint });
    await downloads.pause(id);
    await downloads.resume(id);
    expect((await until(downloads, ([job]) => job!.state === 'queued'))[0]!.waiting?.for).toBe('hub');
    use(standIn.hub);
    await until(downloads, ([job]) => job!.state === 'running');
    // Nobody tells the downloads: the next request finds out.
    standIn.hub.fault({ at: 'cdn', kind: 'reset', after: 1000, times: 'always' });
    client.use({ endpoint: other.endpoint, redirectHosts: other.redirectHosts, token: undefined });
    await until(downloads, ([job]) => job!.waiting !== undefined);
    expect(other.log).toEqual([]);
    await downloads.resume(id, true);
    await until(downloads, allDone);
    expect(other.log).not.toEqual([]);
    expect(await sha256(onDisk(a))).toBe(standIn.file(a).sha256);
  } finally {
    await downloads.close();
    await other.close();
  }
});

test('removing a job leaves the parts that another one goes on with', async () => {
  const files = { [a]: ['a', MiB], [b]: ['b', MiB], 'mmproj-F16.gguf': ['p', 4 * MiB] } satisfies Record<string, [string, number]>;
  const projector = 'mmproj-F16.gguf';
  const downloads = await open(files, { model: async () => ({ ...(await separate()), projector: standIn.file(projector) }) });
  standIn.hub.setRate(2 * MiB);
  const { id } = await start(downloads, a);
  await start(downloads, b);
  await until(downloads, ([job]) => job!.files[1]!.received > MiB);
  await downloads.pauseAll();
  await downloads.cancel(id);
  expect(existsSync(`${onDisk(projector)}.part`)).toBe(true);
  expect(existsSync(`${onDisk(a)}.part`)).toBe(false);
});

test('a list on a drive that comes after the start is not written over', async () => {
  const first = await open(three, { settings: settings({ atOnce: 1 }) });
  standIn.hub.setRate(256 * 1024);
  const { id } = await start(first, a);
  await until(first, ([job]) => job!.received > 0);
  await first.pause(id);
  await first.close();
  await rename(standIn.models, `${standIn.models}-away`);
  const second = standIn.open({ model: separate });
  expect(second.list()).toEqual([]);
  await rename(`${standIn.models}-away`, standIn.models);
  standIn.hub.setRate(undefined);
  await start(second, b);
  await second.close();
  expect(states(standIn.open({ model: separate }).list())).toMatch(/^A paused, B /);
});

test('a list of an older version is read, what is no job in it is passed over, and a list that is none is set aside', async () => {
  standIn = await openStandIn({ [a]: seeded('a', MiB) });
  const list = join(standIn.models, '.downloads.json');
  // As version 0.1.0 wrote it: no hub, no connections.
  const file = { ...standIn.file(a), received: 0 };
  const old = { id: 'x', repo, commit: standIn.commit, label: 'A', quantization: a, files: [file], state: 'running', size: MiB, received: 0, verified: 0 };
  const more = { rate: 5, secondsLeft: 3, createdAt: '2026-11-01T00:00:00.000Z' };
  await writeFile(list, JSON.stringify({ v: 1, jobs: [{ id: 'unreadable' }, { ...old, ...more }, { ...old, ...more, id: 'evil', repo: '../..' }] }));
  const downloads = standIn.open();
  const jobs = await until(downloads, allDone);
  expect(jobs).toMatchObject([{ id: 'x', endpoint: standIn.hub.endpoint }]);
  await downloads.close();

  await writeFile(list, '{"v":1,');
  const warned: unknown[] = [];
  expect(await until(standIn.open({ log: { warn: (_, data) => warned.push(data), error() {} } }), () => true)).toEqual([]);
  expect(readFileSync(`${list}.broken`, 'utf8')).toBe('{"v":1,');
  expect(warned).toMatchObject([{ file: `${list}.broken` }]);
});

test('a job that runs out of room pauses by itself with what is missing, and goes on by a click', async () => {
  standIn = await openStandIn({ [a]: seeded('a', MiB) });
  const client = createHub({ endpoint: standIn.hub.endpoint, redirectHosts: standIn.hub.redirectHosts, token: undefined });
  let full = true;
  const resolve: typeof client.resolve = async (file, signal) => {
    if (full) throw new Fault('download.diskLow', 'The disk is nearly full.', { missing: 5 });
    return client.resolve(file, signal);
  };
  const downloads = standIn.open({ hub: { endpoint: client.endpoint, resolve, get: client.get } });
  const { id } = await start(downloads, a);
  const [paused] = await until(downloads, ([job]) => job!.state === 'paused');
  expect(paused!.error).toMatchObject({ code: 'download.diskLow', data: { missing: 5 } });
  full = false;
  await downloads.resume(id);
  expect((await until(downloads, allDone))[0]!.error).toBeUndefined();
});
