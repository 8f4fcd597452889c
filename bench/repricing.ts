/**
 * How long a person waits for the prices of a repository's rows when the context slider moves: through core, the estimating process and
 * its llama.cpp, as in the app.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createEstimator } from '../main/engine/estimator.ts';
import { forkEngine } from '../main/engine/fork.ts';
import { modelFacts } from '../main/gguf/facts.ts';
import { createAhead } from '../main/memory/ahead.ts';
import { createMemory, type Memory } from '../main/memory/estimate.ts';
import { header, headerPath } from '../main/memory/testing/allocations.ts';
import { cardEnvironment } from '../main/memory/testing/softwareGpu.ts';
import { contextSteps } from '../shared/contextSteps.ts';
import { defaultLoadSettings, type Estimate } from '../shared/schemas/memory.ts';

interface Waits {
  positions: number;
  /** Milliseconds from the move to the last row's price. */
  median: number;
  p95: number;
  worst: number;
}

export interface Repricing {
  gibibytes: number;
  rows: number;
  /** Rows that did not fit whole, at the median position. */
  partial: number;
  /** Places all over the slider that nobody asked about before, with no time to ask ahead. */
  jumps: Waits;
  /** The same for each row by itself: how long its own number took. */
  rowJumps: Waits;
  /** Questions to llama.cpp's process at a jump, on average. */
  questions: number;
  /** One stop after the other up the slider, a person's pause between them. */
  walk: Waits;
}

/** Milliseconds between two moves of a person who reads the numbers. */
const pause = 500;
const host = fileURLToPath(new URL('../main/engine/host.ts', import.meta.url));
const never = new AbortController().signal;

/** Reprices `models` (headers of the fixtures) on a software card of `gibibytes`, automatic layers, f16, flash attention. */
export async function measureRepricing(gibibytes: number, models: string[]): Promise<Repricing> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-bench-'));
  const card = cardEnvironment(folder, gibibytes * 1024);
  try {
    const partial: number[] = [];
    const {
      waits: jumps,
      rowWaits,
      questions,
    } = await withMemory(card, async (memory, asked) => {
      await priceAll(memory.estimate, models, 4096);
      const before = asked();
      const contexts = Array.from({ length: 40 }, (_, step) => 4352 + ((step * 17) % 40) * 2304);
      const waits = [];
      const rowWaits: number[] = [];
      for (const contextSize of contexts) {
        const { ms, each, partly } = await priceAll(memory.estimate, models, contextSize);
        waits.push(ms);
        rowWaits.push(...each);
        partial.push(partly);
      }
      return { waits, rowWaits, questions: (asked() - before) / contexts.length };
    });
    const walk = await withMemory(card, async (memory) => {
      const ahead = createAhead(memory);
      await priceAll(ahead, models, 4096);
      const waits = [];
      for (const contextSize of contextSteps(131_072).filter((stop) => stop > 4096)) {
        await sleep(pause);
        waits.push((await priceAll(ahead, models, contextSize)).ms);
      }
      return waits;
    });
    return { gibibytes, rows: models.length, partial: at(partial, 0.5), jumps: waitsOf(jumps), rowJumps: waitsOf(rowWaits), questions, walk: waitsOf(walk) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs `measure` with a memory of its own whose process sees `card`. */
async function withMemory<T>(card: Record<string, string>, measure: (memory: Memory, asked: () => number) => Promise<T>): Promise<T> {
  const engine = createEstimator((env) => forkEngine({ entry: host, env: { ...env, ...card } }));
  let asked = 0;
  try {
    const memory = createMemory({
      headers: {
        forFile: async ([file]) => ({ path: file!, facts: modelFacts([header(path.basename(file!, '.gguf'))]) }),
        forHub: () => Promise.reject(new Error('no Hub')),
      },
      library: { resolve: async (model) => ({ files: [headerPath(model)] }) },
      engine: {
        hardware: (folder) => engine.hardware(folder),
        estimate: (request, signal) => {
          asked++;
          return engine.estimate(request, signal);
        },
      },
      folders: { models: folder },
      model: () => Promise.reject(new Error('no Hub')),
    });
    return await measure(memory, () => asked);
  } finally {
    await engine.close();
  }
}
const folder = os.tmpdir();

async function priceAll(estimate: Memory['estimate'], models: string[], contextSize: number): Promise<{ ms: number; each: number[]; partly: number }> {
  const start = performance.now();
  const settings = { ...defaultLoadSettings, contextSize, vision: false };
  const each: number[] = [];
  const price = async (id: string): Promise<Estimate> => {
    const row = await estimate({ source: { kind: 'library', id }, settings }, never);
    each.push(performance.now() - start);
    return row;
  };
  const rows = await Promise.all(models.map(price));
  return { each, ms: performance.now() - start, partly: rows.filter(({ layers }) => layers.onGpu < layers.total).length };
}

const waitsOf = (waits: number[]): Waits => ({ positions: waits.length, median: at(waits, 0.5), p95: at(waits, 0.95), worst: at(waits, 1) });

/** The value that `part` of all do not exceed. */
export function at(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]!;
}

/** A line for people. */
export function sentence({ gibibytes, rows, partial, jumps, rowJumps, questions, walk }: Repricing): string {
  const ms = (waits: Waits): string =>
    `median ${waits.median.toFixed(0)} ms, p95 ${waits.p95.toFixed(0)}, worst ${waits.worst.toFixed(0)} (${waits.positions} places)`;
  const jump = `a jump to a place not asked about before ${ms(jumps)}, ${questions.toFixed(1)} questions each, a single row ${ms(rowJumps)}`;
  return `${rows} rows on a card of ${gibibytes} GiB, ${partial} of them in part: ${jump}; stop by stop with ${pause} ms between them ${ms(walk)}`;
}
