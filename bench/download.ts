/**
 * Our download beside `curl | tee | sha256sum` and `aria2c -x8`, on loopback from the stand-in Hub in a process of its own: each writes to the same
 * disk and ends with a verified sha256. Then one connection beside ours, where each is slow and far away.
 * `--size <GB>` (4), `--rounds <n>` (3), `--folder <where to write>`.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { build } from 'vite';

/** What `download/hub.ts` serves. */
export interface BenchFile {
  address: { endpoint: string; redirectHosts: string[] };
  repo: string;
  path: string;
  commit: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

const { values } = parseArgs({
  options: { size: { type: 'string', default: '4' }, rounds: { type: 'string', default: '3' }, folder: { type: 'string', default: os.tmpdir() } },
});
const missing = ['curl', 'tee', 'sha256sum', 'openssl', 'aria2c'].filter((tool) => spawnSync(tool, ['--version']).error);
if (missing.length > 0) console.log(`not installed, so not in the table: ${missing.join(', ')} (Debian: apt-get install curl aria2 openssl)`);

const root = path.dirname(import.meta.dirname);
const folder = mkdtempSync(path.join(values.folder, 'atelier-bench-'));
const models = path.join(folder, 'models');
const file = path.join(folder, 'file.gguf');
const built = path.join(folder, 'built');

/** As the app is: bundled, not stripped of its types while it runs. */
async function bundle(): Promise<void> {
  const input = { hub: 'bench/download/hub.ts', ours: 'bench/download/ours.ts', hashWorker: 'main/downloads/hashWorker.ts' };
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: true,
      target: 'node24',
      minify: false,
      outDir: built,
      emptyOutDir: true,
      rolldownOptions: { input, output: { entryFileNames: '[name].js' } },
    },
  });
}

async function startHub(size: number, rate = 0, latency = 0): Promise<{ file: BenchFile; hub: ChildProcess }> {
  const hub = spawn(process.execPath, [path.join(built, 'hub.js'), `${size}`, `${rate}`, `${latency}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(hub.stdout!), 'line')) as [string];
  return { file: JSON.parse(line), hub };
}

interface Run {
  seconds: number;
  /** Of all its processes. */
  user: number;
  system: number;
  /** Bytes, where it tells. */
  maxRss?: number;
}

/** Runs a line of bash and takes its time, with the processor time of everything that it started. */
function measure(command: string, wanted: string | undefined): Run {
  rmSync(models, { recursive: true, force: true });
  rmSync(file, { force: true });
  mkdirSync(models);
  // What the run before it left to be written is not this one's.
  execFileSync('sync');
  const began = performance.now();
  const { stdout, stderr, status } = spawnSync('bash', ['-c', `set -o pipefail; ${command} || exit; times`], { encoding: 'utf8', maxBuffer: 2 ** 24 });
  const seconds = (performance.now() - began) / 1000;
  if (status !== 0 || (wanted !== undefined && !stdout.includes(wanted))) throw new Error(`${command}\n${stdout}\n${stderr}`);
  const [user = 0, system = 0] = (stdout.trimEnd().split('\n').at(-1) ?? '').split(' ').map((time) => {
    const [, minutes, rest] = /(\d+)m([\d.]+)s/.exec(time) ?? [];
    return Number(minutes) * 60 + Number(rest);
  });
  const maxRss = /"maxRss":(\d+)/.exec(stdout)?.[1];
  return { seconds, user, system, ...(maxRss && { maxRss: Number(maxRss) }) };
}

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
const quoted = (text: string): string => `'${text}'`;
const ours = (what: BenchFile, connections?: number): string =>
  `${quoted(process.execPath)} ${quoted(path.join(built, 'ours.js'))} ${quoted(JSON.stringify(what))} ${quoted(models)} ${connections ?? ''}`;
const table = (rows: string[][]): void => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) console.log(row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  '));
};

const hubs: ChildProcess[] = [];
try {
  await bundle();
  const size = Math.round(Number(values.size) * 1e9);
  const { file: what, hub } = await startHub(size);
  hubs.push(hub);
  const url = quoted(`${what.address.endpoint}/${what.repo}/resolve/${what.commit}/${what.path}`);
  const sum = (command: string): string => `curl -sSfL ${url} | tee ${file} | ${command}`;
  const contenders: Record<string, { command: string; tools: string[]; told?: string }> = {
    ours: { command: ours(what), tools: [] },
    'curl | tee | sha256sum': { command: sum('sha256sum'), tools: ['curl', 'tee', 'sha256sum'], told: what.sha256 },
    'curl | tee | openssl sha256': { command: sum('openssl dgst -sha256'), tools: ['curl', 'tee', 'openssl'], told: what.sha256 },
    'aria2c -x8, sha256sum': {
      command: `aria2c -q -x8 -s8 --file-allocation=none -d ${folder} -o file.gguf ${url} && sha256sum ${file}`,
      tools: ['aria2c', 'sha256sum'],
      told: what.sha256,
    },
    'aria2c -x8 --checksum': {
      command: `aria2c -q -x8 -s8 --file-allocation=none --checksum=sha-256=${what.sha256} -d ${folder} -o file.gguf ${url}`,
      tools: ['aria2c'],
    },
  };
  const taking = Object.entries(contenders).filter(([, { tools }]) => !tools.some((tool) => missing.includes(tool)));
  const runs = new Map<string, Run[]>(taking.map(([name]) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    // Each in turn is first.
    const order = [...taking.slice(round % taking.length), ...taking.slice(0, round % taking.length)];
    for (const [name, { command, told }] of order) runs.get(name)!.push(measure(command, told));
  }
  const of = (name: string, value: (run: Run) => number): number => median(runs.get(name)!.map(value));
  const cpu = ({ user, system }: Run): number => user + system;
  console.log(
    `\n${values.size} GB over loopback, written to ${folder} and verified; ${values.rounds} rounds interleaved, medians; ${os.availableParallelism()} cores, load ${os.loadavg()[0]!.toFixed(1)}`,
  );
  table([
    ['', 'seconds', 'MB/s', 'user s', 'system s', 'CPU s', 'peak MB'],
    ...taking.map(([name]) => {
      const rss = runs.get(name)!.flatMap(({ maxRss }) => maxRss ?? []);
      const cells = [(run: Run) => run.seconds, (run: Run) => run.seconds, (run: Run) => run.user, (run: Run) => run.system, cpu];
      return [
        name,
        ...cells.map((cell, column) => (column === 1 ? (size / 1e6 / of(name, cell)).toFixed(0) : of(name, cell).toFixed(2))),
        rss.length > 0 ? `${Math.round(Math.max(...rss) / 1e6)}` : '',
      ];
    }),
  ]);
  const others = taking.map(([name]) => name).filter((name) => name !== 'ours');
  const fastest = others.toSorted((a, b) => of(a, ({ seconds }) => seconds) - of(b, ({ seconds }) => seconds))[0];
  if (fastest) {
    const speed = of(fastest, ({ seconds }) => seconds) / of('ours', ({ seconds }) => seconds);
    console.log(`speed: ${speed.toFixed(2)} of the fastest other, ${fastest} (wanted: at least 0.90)`);
  }
  for (const name of others.filter((name) => name.startsWith('curl')))
    console.log(`processor time: ${(of('ours', cpu) / of(name, cpu)).toFixed(2)} of ${name} (wanted: at most 1.50)`);
  const peak = Math.max(...runs.get('ours')!.map(({ maxRss = 0 }) => maxRss));
  console.log(`memory: ${Math.round(peak / 1e6)} MB at most (wanted: under 150)`);
  hub.kill();

  const far = await startHub(768 * 2 ** 20, 20e6, 50);
  hubs.push(far.hub);
  const one = measure(ours(far.file, 1), undefined);
  const many = measure(ours(far.file), undefined);
  console.log('\n0.8 GB, 20 MB/s for each connection, each answer 50 ms later');
  const row = (name: string, run: Run): string[] => [name, run.seconds.toFixed(1), (far.file.size / 1e6 / run.seconds).toFixed(0)];
  table([['', 'seconds', 'MB/s'], row('one connection', one), row('ours', many)]);
  console.log(`${(one.seconds / many.seconds).toFixed(2)} times one connection (wanted: at least 3.00)`);
} finally {
  for (const hub of hubs) hub.kill();
  rmSync(folder, { recursive: true, force: true });
}
