/** The room of a download is its own before its bytes come, and nobody takes it for what has arrived. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { seeded } from '../../e2e/hub/content.ts';
import { freeBytes } from './disk.ts';
import { partBytes, partPath } from './journal.ts';
import { heldBytes, reserve } from './reserve.ts';
import { ended, openStandIn, repo, type StandIn, when } from './standIn.ts';

const MiB = 1024 * 1024;
let folder: string;
beforeEach(async ({ skip }) => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-reserve-'));
  try {
    await writeFile(join(folder, 'try'), '');
    execFileSync('fallocate', ['-l', '4096', join(folder, 'try')], { stdio: 'ignore' });
    await rm(join(folder, 'try'));
  } catch {
    skip('no room can be reserved on this system, or in its folder for temporary files');
  }
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe('a file', () => {
  const hole = async (): Promise<string> => {
    const file = join(folder, 'part');
    await writeFile(file, 'begun');
    await truncate(file, 8 * MiB);
    return file;
  };

  test('holds all of its room, and keeps what was written', async () => {
    const file = await hole();
    expect(await heldBytes(file)).toBeLessThan(MiB);
    await reserve(file, 8 * MiB);
    expect(await heldBytes(file)).toBe(8 * MiB);
    expect(execFileSync('head', ['-c', '6', file])).toEqual(Buffer.from('begun\0'));
  });

  test('is left as it is where there is no program for it', async () => {
    const file = await hole();
    vi.stubEnv('PATH', '');
    await reserve(file, 8 * MiB);
    expect(await heldBytes(file)).toBeLessThan(MiB);
    expect(await heldBytes(join(folder, 'none'))).toBe(0);
  });
});

describe('a job', () => {
  const shards = ['Tiny-Q8_0-00001-of-00002.gguf', 'Tiny-Q8_0-00002-of-00002.gguf'] as const;
  let standIn: StandIn;
  beforeEach(async () => {
    standIn = await openStandIn(Object.fromEntries(shards.map((path) => [path, seeded(path, 12 * MiB)])));
  });
  afterEach(() => standIn.close());
  const what = () => ({ repo, commit: standIn.commit, quantization: shards[0] });
  const part = (path: string): string => partPath(join(standIn.models, repo, path));

  test('has the room of all its files from its first byte on, counts what arrived only, and gives it back when it is cancelled', async () => {
    standIn.hub.setRate(2 * MiB);
    const downloads = standIn.open();
    const { id } = await downloads.start(what());
    await when(downloads, ({ received }) => received > MiB);
    await downloads.pause(id);
    const { received } = downloads.list()[0]!;
    expect(received).toBeLessThan(10 * MiB);
    for (const path of shards) expect(await heldBytes(part(path))).toBe(12 * MiB);
    const arrived = shards.map((path) => partBytes(part(path).replace(/\.part$/, ''), { ...what(), ...standIn.file(path), sha256: standIn.file(path).sha256 }));
    expect(await Promise.all(arrived)).toEqual([received, 0]);
    await downloads.cancel(id);
    expect(readdirSync(join(standIn.models, repo))).toEqual([]);
  });

  test('that the Hub does not give takes no room', async () => {
    standIn.hub.fault({ at: 'hub', kind: 'gated', times: 'always' });
    const downloads = standIn.open();
    await downloads.start(what());
    expect((await ended(downloads)).error?.code).toBe('hub.gated');
    for (const path of shards) expect(await heldBytes(part(path))).toBe(0);
  });

  test('that does not fit as a whole fails before its first byte, with what is missing and nothing left behind', async ({ skip }) => {
    const small = mkdtempSync(join(tmpdir(), 'atelier-small-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', small], { stdio: 'ignore' });
    } catch {
      rmSync(small, { recursive: true, force: true });
      skip('this machine does not let us have a small file system');
    }
    // The look at the free room is passed, as if somebody took some after it.
    const downloads = standIn.open({ folders: { models: small }, spareBytes: -100 * MiB });
    try {
      const { id } = await downloads.start(what());
      const { state, error } = await ended(downloads);
      expect({ state, code: error?.code }).toEqual({ state: 'failed', code: 'download.diskFull' });
      expect(error?.data?.missing).toBeGreaterThan(3.9 * MiB);
      expect(error?.data?.missing).toBeLessThan(5 * MiB);
      expect(standIn.ranges()).toEqual([]);
      expect(readdirSync(join(small, repo))).toEqual([]);

      // What is its own once it is under way is not asked for again.
      execFileSync('mount', ['-o', 'remount,size=26m', small]);
      standIn.hub.setRate(2 * MiB);
      await downloads.resume(id);
      await when(downloads, ({ received }) => received > MiB);
      await downloads.close();
      expect(await freeBytes(small)).toBeLessThan(2 * MiB);
      standIn.hub.setRate(undefined);
      const again = standIn.open({ folders: { models: small } });
      expect(await ended(again)).toMatchObject({ state: 'done', received: 24 * MiB });
      await again.close();
    } finally {
      await downloads.close();
      execFileSync('umount', [small]);
      rmSync(small, { recursive: true, force: true });
    }
  });
});
