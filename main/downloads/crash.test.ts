/** What a kill and a full disk leave behind. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { seeded } from '../../e2e/hub/content.ts';
import { partBytes } from './journal.ts';
import { ended, openStandIn, repo, type StandIn } from './standIn.ts';

const MiB = 1024 * 1024;
const path = 'Tiny-Q8_0.gguf';
let standIn: StandIn;
let child: ChildProcess | undefined;
afterEach(async () => {
  child?.kill('SIGKILL');
  await standIn.close();
});
const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** A process of its own that downloads the file into the same folder. */
function downloadElsewhere(): ChildProcess {
  const of = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const { hub, models, commit } = standIn;
  const detail = { commit, quantizations: [{ id: path, label: 'Q8_0', files: [standIn.file(path)], size: standIn.file(path).size }] };
  const script = `
    import { createDownloads } from ${of('./queue.ts')};
    import { createHub } from ${of('../hub/client.ts')};
    const hub = createHub(${JSON.stringify({ endpoint: hub.endpoint, redirectHosts: hub.redirectHosts })});
    const downloads = createDownloads({ hub, folders: ${JSON.stringify({ models })}, model: async () => (${JSON.stringify(detail)}) });
    await downloads.start(${JSON.stringify({ repo, commit, quantization: path })});
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
}

test('kill -9 in the middle costs little: the next start asks for the rest only, and the file is whole', async () => {
  const size = 90 * MiB;
  standIn = await openStandIn({ [path]: seeded('killed', size) });
  standIn.hub.setRate(60 * MiB);
  const target = join(standIn.models, repo, path);
  const safe = (): Promise<number> => partBytes(target, { repo, commit: standIn.commit, ...standIn.file(path), sha256: standIn.file(path).sha256 });
  child = downloadElsewhere();
  // Past the first segment, so that a whole and a partial one are recorded.
  while ((await safe()) < 72 * MiB) await sleep(20);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const kept = await safe();
  expect(kept).toBeLessThan(size);

  standIn.hub.log.length = 0;
  standIn.hub.setRate(undefined);
  const downloads = standIn.open();
  expect(await ended(downloads)).toMatchObject({ state: 'done', received: size });
  const bytes = standIn.ranges().map((range) => /bytes=(\d+)-(\d+)/.exec(range)!.slice(1).map(Number)) as [number, number][];
  expect(bytes.reduce((sum, [start, end]) => sum + end - start + 1, 0)).toBe(size - kept);
  expect(sha256(target)).toBe(standIn.file(path).sha256);
});

test('a disk that fills up where no room can be reserved stops the job with the bytes that are missing, and room lets it go on', async ({ skip }) => {
  standIn = await openStandIn({ [path]: seeded('full', 24 * MiB) });
  const folder = mkdtempSync(join(tmpdir(), 'atelier-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true, force: true });
    skip('this machine does not let us have a small file system');
  }
  const downloads = standIn.open({ folders: { models: folder }, spareBytes: -100 * MiB });
  try {
    // No program to reserve with.
    vi.stubEnv('PATH', '');
    const { id } = await downloads.start({ repo, commit: standIn.commit, quantization: path });
    const job = await ended(downloads);
    expect(job).toMatchObject({ state: 'failed', error: { code: 'download.diskFull' } });
    expect(job.error?.data?.missing).toBeGreaterThan(3.9 * MiB);
    expect(job.error?.data?.missing).toBeLessThan(6 * MiB);
    expect(readdirSync(join(folder, repo)).sort()).toEqual([`${path}.part`, `${path}.part.json`]);

    vi.unstubAllEnvs();
    execFileSync('mount', ['-o', 'remount,size=40m', folder]);
    const before = standIn.ranges().length;
    await downloads.resume(id);
    expect(await ended(downloads)).toMatchObject({ state: 'done' });
    // What was recorded on the way is kept, although a full disk takes no journal either.
    expect(standIn.ranges().slice(before)[0]).toMatch(/^bytes=1[67]\d{6}-25165823$/);
    expect(sha256(join(folder, repo, path))).toBe(standIn.file(path).sha256);
  } finally {
    vi.unstubAllEnvs();
    await downloads.close();
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});
