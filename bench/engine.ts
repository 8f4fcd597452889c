/**
 * Holds our whole path, from the renderer's socket to the last event, against llama.cpp alone: `llama-bench`, and llama-server spoken to
 * directly. On the CPU, in one run, one after the other in turns, with a model of true shape (Qwen3.5-0.8B with pseudo-random weights)
 * and the tiny model. `--quick` asks once and the tiny model only, `--rounds N` (5) says how often, `--json` prints one object,
 * `--without-amx` measures as on a processor that has none, which is every one made for a desktop.
 */
import { copyFileSync, cpSync, linkSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { hasAmx, withoutAmx } from '../main/engine/amx.ts';
import { threads } from '../main/engine/llama.ts';
import { buildServer } from '../main/engine/serverBuild.ts';
import { defaultFolders } from '../main/folders.ts';
import { fixture } from '../main/memory/testing/allocations.ts';
import { writeWeightedModel } from '../main/memory/testing/weightedModel.ts';
import { type Answer, median, writtenTogether } from './answers.ts';
import { startDirect } from './directServer.ts';
import { buildLlamaBench } from './llamaBench.ts';
import { processTree, startApp } from './ourPath.ts';
import { streamCost } from './streamCost.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    'without-amx': { type: 'boolean', default: false },
  },
});
const rounds = values.quick ? 1 : Number(values.rounds);
const [promptTokens, answerTokens, context] = [512, 128, 2048];
const together = 4;
const amx = hasAmx() && !values['without-amx'];
// node-llama-cpp takes the libraries that fit the processor.
const engines = values['without-amx'] ? (['llama-server'] as const) : (['llama-server', 'node-llama-cpp'] as const);

interface Measured {
  way: string;
  model: string;
  conversations: number;
  firstTokenMs: number[];
  /** Of each answer, from its first token on. */
  tokensPerSecond: number[];
  /** Of all conversations, over the whole time with the prompts. */
  together: number[];
  /** Of all conversations, while all are being answered. */
  written: number[];
}

const built = await buildServer({ cacheFolder: defaultFolders().cache });
if ('problem' in built) {
  console.error(`llama-server cannot be built here: ${built.problem}`);
  process.exit(1);
}
const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-bench-'));
const say = (line: string): void => console.error(line);
/** What is to be ended, however this comes out. */
const running: { close(): Promise<void> }[] = [];
try {
  const tiny = path.join(folder, 'tiny-Q4_K_M.gguf');
  copyFileSync(fixture('tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q4_K_M.gguf'), tiny);
  const real = path.join(folder, 'qwen3.5-0.8b-Q4_K_M.gguf');
  if (!values.quick) writeWeightedModel('qwen3.5-0.8b-Q4_K_M', real);
  say('building llama-bench');
  const llamaBench = await buildLlamaBench(folder, threads(), amx);
  if (values['without-amx']) {
    process.env.ATELIER_CACHE = path.join(folder, 'cache');
    const version = path.dirname(built.folder);
    const own = path.join(process.env.ATELIER_CACHE, 'llama-server', path.basename(version));
    cpSync(version, own, { recursive: true, filter: (file) => file === version || !statSync(file).isDirectory() });
    cpSync(withoutAmx(built.folder), path.join(own, path.basename(built.folder)), { recursive: true, verbatimSymlinks: true });
  }

  const measured: Measured[] = [];
  const alone: { model: string; promptPerSecond: number; tokensPerSecond: number }[] = [];
  const loads: { model: string; way: string; ms: number; memory: { name: string; bytes: number }[] }[] = [];
  for (const model of values.quick ? [tiny] : [real, tiny]) {
    const name = path.basename(model, '.gguf');
    const id = `bench/engine/${path.basename(model)}`;
    for (let round = 0; round < rounds; round++) {
      const { promptPerSecond, tokensPerSecond } = await llamaBench.measure(model, promptTokens, answerTokens);
      alone.push({ model: name, promptPerSecond, tokensPerSecond });
    }
    for (const conversations of [1, together]) {
      const server = amx && conversations === 1 ? built.folder : withoutAmx(built.folder);
      const direct = await startDirect({ folder: server, model, threads: threads(), context, conversations });
      running.push(direct);
      loads.push({ model: name, way: `llama-server directly, ${conversations} at once`, ms: direct.loadMs, memory: processTree(direct.pid) });
      const prompt = await promptOf(promptTokens, direct.count);
      const ways = new Map<string, (prompt: string) => Promise<Answer>>([['llama-server directly', (text) => direct.ask(text, answerTokens)]]);
      // node-llama-cpp answers one after the other.
      for (const engine of conversations > 1 ? engines.slice(0, 1) : engines) {
        // Two apps do not share a models folder.
        const home = path.join(folder, `${engine} ${name} ${conversations}`);
        mkdirSync(path.join(home, 'models/bench/engine'), { recursive: true });
        linkSync(model, path.join(home, 'models', id));
        const app = await startApp(home, answerTokens);
        running.push(app);
        const ms = await app.load(id, context * conversations, engine, conversations);
        loads.push({ model: name, way: `Atelier, ${engine}, ${conversations} at once`, ms, memory: app.memory() });
        ways.set(`Atelier, ${engine}`, app.ask);
      }
      for (const [way, ask] of ways) {
        const { tokens, promptTokens: read } = await ask(prompt('warm'));
        say(`${name}: ${way}: ${read} tokens read, ${tokens} answered`);
      }
      const results = new Map<string, Measured>();
      for (let round = 0; round < rounds; round++) {
        for (const [way, ask] of ways) {
          await quiet();
          const began = performance.now();
          const answers = await Promise.all(Array.from({ length: conversations }, (_, at) => ask(prompt(`${round} ${at} ${way.length}`))));
          const seconds = (performance.now() - began) / 1000;
          const row = results.get(way) ?? { way, model: name, conversations, firstTokenMs: [], tokensPerSecond: [], together: [], written: [] };
          results.set(way, row);
          row.firstTokenMs.push(median(answers.map(({ firstTokenMs }) => firstTokenMs)));
          row.tokensPerSecond.push(median(answers.map(({ tokensPerSecond }) => tokensPerSecond)));
          row.written.push(writtenTogether(answers));
          row.together.push(answers.reduce((sum, { tokens }) => sum + tokens, 0) / seconds);
        }
        say(`${name}, ${conversations} at once: round ${round + 1} of ${rounds}`);
      }
      measured.push(...results.values());
      for (const each of running.splice(0)) await each.close();
    }
  }
  const stream = await streamCost(values.quick ? 10_000 : 50_000);
  if (values.json) console.log(JSON.stringify({ threads: threads(), rounds, alone, measured, loads, stream }));
  else print({ alone, measured, loads, stream });
} finally {
  for (const each of running) await each.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Until nobody computes: the app reads an answer as the next prompt will quote it after it was given. 30 s at most. */
async function quiet(): Promise<void> {
  const idle = (): { idle: number; all: number } => {
    const times = os.cpus().map(({ times }) => times);
    return {
      idle: times.reduce((sum, each) => sum + each.idle, 0),
      all: times.reduce((sum, { user, nice, sys, irq, idle }) => sum + user + nice + sys + irq + idle, 0),
    };
  };
  for (let look = 0; look < 60; look++) {
    const before = idle();
    await sleep(500);
    const after = idle();
    if ((after.idle - before.idle) / (after.all - before.all) > 0.9) return;
  }
}

/** Prompts of about so many tokens, told apart by their first words, so that none is in a cache. */
async function promptOf(tokens: number, count: (text: string) => Promise<number>): Promise<(salt: string) => string> {
  const words = ['the', 'lamp', 'over', 'table', 'was', 'blue', 'and', 'old'];
  const text = (length: number): string => Array.from({ length }, (_, at) => words[at % words.length]).join(' ');
  const each = (await count(text(80))) / 80;
  // The tiny model would end soon by itself; this it has learned to go on with.
  return (salt) => `${salt} ${text(Math.round((tokens - 30) / each))}. Count from 1 to 100.`;
}

function print({
  alone,
  measured,
  loads,
  stream,
}: {
  alone: { model: string; promptPerSecond: number; tokensPerSecond: number }[];
  measured: Measured[];
  loads: { model: string; way: string; ms: number; memory: { name: string; bytes: number }[] }[];
  stream: Awaited<ReturnType<typeof streamCost>>;
}): void {
  const number = (value: number, digits = 1): string => value.toFixed(digits);
  console.log(`${threads()} threads, ${rounds} rounds, prompts of about ${promptTokens} tokens, answers of ${answerTokens}; medians`);
  for (const model of new Set(measured.map((row) => row.model))) {
    const own = alone.filter((row) => row.model === model);
    const bench = median(own.map((row) => row.tokensPerSecond));
    console.log(`\n${model}`);
    console.log(`  llama-bench: prompt ${number(median(own.map((row) => row.promptPerSecond)))} tok/s, answer ${number(bench)} tok/s`);
    const table: string[][] = [
      ['way', 'at once', 'first token ms', 'more than direct ms', 'tok/s', 'of direct', 'together tok/s', 'of one', 'while all answer tok/s', 'of one'],
    ];
    for (const row of measured.filter((each) => each.model === model)) {
      const direct = measured.find((each) => each.model === model && each.conversations === row.conversations && each.way === 'llama-server directly')!;
      const one = measured.find((each) => each.model === model && each.conversations === 1 && each.way === row.way)!;
      const pairs = (values: number[], others: number[], of: (a: number, b: number) => number): number =>
        median(values.map((value, at) => of(value, others[at]!)));
      const ratio = (values: number[], others: number[], digits = 2): string =>
        number(
          pairs(values, others, (a, b) => a / b),
          digits,
        );
      table.push([
        row.way,
        String(row.conversations),
        number(median(row.firstTokenMs)),
        number(pairs(row.firstTokenMs, direct.firstTokenMs, (a, b) => a - b)),
        number(median(row.tokensPerSecond)),
        ratio(row.tokensPerSecond, direct.tokensPerSecond, 3),
        number(median(row.together)),
        ratio(row.together, one.together),
        number(median(row.written)),
        ratio(row.written, one.written),
      ]);
    }
    const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
    for (const row of table)
      console.log(`  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')}`);
  }
  console.log('\nload, and resident memory once loaded');
  for (const { model, way, ms, memory } of loads) {
    const parts = memory.map(({ name, bytes }) => `${name} ${number(bytes / 2 ** 20, 0)} MiB`).join(', ');
    console.log(`  ${model}, ${way}: ${number(ms, 0)} ms; ${parts}`);
  }
  console.log(
    `\nstream of ${stream.tokens} tokens, through core and socket: ${number(stream.firstUs)} µs a token in the first tenth, ${number(stream.lastUs)} µs in the last; ${number(stream.bytesPerToken)} bytes a token on the socket`,
  );
}
