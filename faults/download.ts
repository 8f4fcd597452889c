/** One download through its planned faults, and what must hold after it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytes } from '../e2e/hub/content.ts';
import { goodToken } from '../e2e/hub/exchange.ts';
import { type Hub, startHub } from '../e2e/hub/start.ts';
import { freeBytes } from '../main/downloads/disk.ts';
import type { Downloads } from '../main/downloads/queue.ts';
import { attempt, type Outcome, type Task } from './attempt.ts';
import { createDice, type Kind, type PlannedFault, signs } from './plan.ts';

export const size = 64_000_000;
export const segmentSize = 4_000_000;
const connections = 4;
const repo = 'atelier/faults-GGUF';
const file = 'Faulty-Q8_0.gguf';
/** Nothing takes this long. */
const hungMs = 60_000;

export interface Course {
  /** How each start ended, in order. */
  ends: string[];
  /** The planned faults that it came to. */
  met: Kind[];
  /** Bytes that the CDN sent beyond one whole file. */
  twice: number;
  /** What does not hold. */
  wrong: string[];
  seconds: number;
}

export interface Bench {
  /** How a full disk is made here. */
  fullDisk: 'tmpfs' | 'spare';
  download(faults: PlannedFault[]): Promise<Course>;
  close(): Promise<void>;
}

/** Starts the stand-in with one file of 64 MB. */
export async function openBench(): Promise<Bench> {
  const dice = createDice(1);
  const content = Buffer.alloc(size);
  for (let at = 0; at < size; at += 4) content.writeUInt32LE(Math.floor(dice() * 2 ** 32), at);
  const hub = await startHub({ repositories: [{ repo, files: { [file]: bytes(content) } }], evil: true });
  const fullDisk = canMount() ? 'tmpfs' : 'spare';
  return {
    fullDisk,
    download: (faults) => download(hub, faults, fullDisk),
    close: () => hub.close(),
  };
}

async function download(hub: Hub, faults: PlannedFault[], fullDisk: Bench['fullDisk']): Promise<Course> {
  const began = performance.now();
  const { commit, files } = hub.repository(repo).snapshots[0]!;
  const sha256 = files.get(file)!.lfs!.oid;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-faults-'));
  const models = path.join(folder, 'models');
  mkdirSync(models);
  const planned = (kind: PlannedFault['kind']): PlannedFault | undefined => faults.find((fault) => fault.kind === kind);
  const task: Task = {
    address: { endpoint: hub.endpoint, redirectHosts: hub.redirectHosts, token: goodToken },
    models,
    repo,
    commit,
    path: file,
    size,
    sha256,
    segmentSize,
    connections,
    spareBytes: -1e12,
    // Half of the disks that fill up know no reserved room: they do so on the way.
    reserves: (planned('disk full')?.amount ?? 0) % 2 === 0,
  };
  const sent = (): number => hub.log.reduce((sum, entry) => sum + (entry.at === 'cdn' ? entry.bytesSent : 0), 0);
  hub.log.length = 0;
  const inForce = new Map(faults.map(({ kind, specs }) => [kind, specs.map((spec) => hub.fault(spec))]));
  const over = (kind: Kind): void => inForce.get(kind)?.forEach((end) => void end());

  const full = planned('disk full');
  if (full && fullDisk === 'tmpfs') mount(models, full.amount);
  else if (full) task.spareBytes = (await freeBytes(models)) + 1e9;
  let kill = planned('kill -9');
  let pause = planned('pause');
  let paused = false;
  const pauseOnce = async (downloads: Downloads, id: string): Promise<void> => {
    if (!pause) return;
    const limit = sent() + pause.amount;
    const state = () => downloads.list().find((job) => job.id === id);
    const deadline = performance.now() + 3000;
    while (sent() < limit && !state()?.error && performance.now() < deadline) await sleep(2);
    await downloads.pause(id);
    // What stopped by itself meanwhile is not what was paused.
    if (state()?.state !== 'paused' || state()?.error) return;
    paused = true;
    pause = undefined;
    await downloads.resume(id);
  };
  let down = planned('hub down');
  const ends: string[] = [];
  const wrong: string[] = [];
  try {
    while (ends.at(-1) !== 'done') {
      if (ends.length === 12) {
        wrong.push('it never came to an end');
        break;
      }
      // The hub goes down once the download is under way, and comes back by itself.
      const back = down && goDown(hub, sent() + size / 4, sent, down.amount);
      down = undefined;
      const outcome = kill ? await killed(task, sent() + kill.amount, sent) : await attempt(task, AbortSignal.timeout(hungMs), pauseOnce);
      kill = undefined;
      await back;
      ends.push(outcome.end);
      if (['internal', 'cancelled', 'hung', 'rpc.invalidInput'].includes(outcome.end)) wrong.push(`ended as ${outcome.end}: ${outcome.message}`);
      if (outcome.end === 'done') break;
      // The cause goes away, and the person resumes.
      if (outcome.end === 'download.diskFull') execFileSync('mount', ['-o', 'remount,size=200m', models]);
      if (outcome.end === 'download.diskFull' || outcome.end === 'download.diskLow') task.spareBytes = -1e12;
      if (outcome.end === 'download.changed') over('changed file');
      if (outcome.end === 'hub.refusedRedirect') over('redirect elsewhere');
      if (ends.length > 6) hub.clearFaults();
    }
    hub.clearFaults();
    if (wrong.length === 0) wrong.push(...problems(hub, folder, sha256, faults, sent() - size));
    const seen = [...ends, ...(paused ? ['paused'] : []), ...hub.log.flatMap((entry) => entry.faults)];
    const met = faults.map(({ kind }) => kind).filter((kind) => signs[kind].some((sign) => seen.includes(sign)));
    return { ends, met, twice: Math.max(0, sent() - size), wrong, seconds: (performance.now() - began) / 1000 };
  } finally {
    hub.clearFaults();
    if (full && fullDisk === 'tmpfs') unmount(models, wrong);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What must hold at the end of every download. */
function problems(hub: Hub, folder: string, sha256: string, faults: PlannedFault[], twice: number): string[] {
  const wrong: string[] = [];
  const there = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  const finished = path.join('models', repo, file);
  const expected = [finished, `${finished}.meta.json`, path.join('models', '.downloads.json')];
  if (there.sort().join() !== expected.sort().join()) wrong.push(`files: ${there.join(', ')}`);
  else if (
    createHash('sha256')
      .update(readFileSync(path.join(folder, finished)))
      .digest('hex') !== sha256
  )
    wrong.push('other bytes than the source');
  for (const { at, url, headers } of hub.log) {
    if (at !== 'hub' && (url + JSON.stringify(headers)).includes(goodToken)) wrong.push(`the token went to the ${at} host`);
  }
  // A byte that the network turned is only found by fetching segments again until another one comes, and who knows no ranges sends the whole file.
  const whole = faults.filter(({ kind, specs }) => kind === 'flipped byte' || specs.some((spec) => spec.kind === 'ignoreRange' && spec.times === 'always'));
  const count = hub.log.reduce((sum, entry) => sum + entry.faults.length, 0) + faults.filter(({ specs }) => specs.length === 0).length;
  if (twice > count * connections * segmentSize + whole.length * size) wrong.push(`${twice} bytes twice for ${count} faults`);
  return wrong;
}

/** Starts the app as a process and kills it when the CDN has sent so many bytes. */
async function killed(task: Task, limit: number, sent: () => number): Promise<Outcome> {
  const child: ChildProcess = spawn(process.execPath, [path.join(import.meta.dirname, 'attempt.ts'), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout!.on('data', (data) => {
    said += data;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const deadline = performance.now() + hungMs;
  while (child.exitCode === null && child.signalCode === null && sent() < limit && performance.now() < deadline) await sleep(2);
  const hung = performance.now() >= deadline;
  child.kill('SIGKILL');
  await ended;
  if (hung) return { end: 'hung', message: 'it did not go on' };
  return said ? JSON.parse(said) : { end: 'killed', message: '' };
}

/** Once so many bytes were sent, nothing answers for a while. */
async function goDown(hub: Hub, limit: number, sent: () => number, ms: number): Promise<void> {
  const deadline = performance.now() + 3000;
  while (sent() < limit && performance.now() < deadline) await sleep(2);
  const up = [hub.fault({ at: 'hub', kind: 'refuse', times: 'always' }), hub.fault({ at: 'cdn', kind: 'refuse', times: 'always' })];
  await sleep(ms);
  for (const end of up) end();
}

function mount(folder: string, bytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${Math.max(1, Math.ceil(bytes / 1e6))}m`, 'tmpfs', folder], { stdio: 'ignore' });
}

/** A disk that cannot be let go of is held by a file that is still open. */
function unmount(folder: string, wrong: string[]): void {
  try {
    execFileSync('umount', [folder], { stdio: 'ignore' });
  } catch {
    wrong.push('a file is still open');
    execFileSync('umount', ['-l', folder]);
  }
}

function canMount(): boolean {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-mount-'));
  try {
    mount(folder, 1e6);
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
