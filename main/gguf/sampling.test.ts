/** What a model recommends for drawing its words, from its file to the library's header. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Sampling } from '../../shared/schemas/sampling.ts';
import { createHub } from '../hub/client.ts';
import { tiny } from '../library/testing.ts';
import { modelFacts } from './facts.ts';
import { parseHeader } from './header.ts';
import { createHeaders } from './headers.ts';
import { writeWithNumbers } from './testing.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sampling-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function recommended(added: Record<string, number>): Sampling | undefined {
  const file = join(folder, 'model.gguf');
  writeWithNumbers(tiny.q4, file, added);
  const header = parseHeader(readFileSync(file), file);
  if ('needs' in header) throw new Error('truncated');
  return modelFacts([header]).sampling;
}

test('what the makers wrote down, as they wrote it', () => {
  const written = { temp: 0.7, top_k: 20, top_p: 0.95, min_p: 0.011, penalty_repeat: 1.05, mirostat_tau: 5.5 };
  const added = Object.fromEntries(Object.entries(written).map(([key, value]) => [`general.sampling.${key}`, value]));
  expect(recommended(added)).toEqual({ temperature: 0.7, topK: 20, topP: 0.95, minP: 0.011, repeatPenalty: 1.05 });
});

test('a model that recommends nothing', () => expect(recommended({})).toBeUndefined());

test('a value out of its range is none, the others hold', () => {
  const outside = { 'general.sampling.temp': 99.5, 'general.sampling.top_k': -1, 'general.sampling.top_p': 1.5, 'general.sampling.penalty_repeat': 0 };
  expect(recommended(outside)).toBeUndefined();
  expect(recommended({ ...outside, 'general.sampling.min_p': 0 })).toEqual({ minP: 0 });
  expect(recommended({ 'general.sampling.temp': Number.NaN, 'general.sampling.top_k': 64 })).toEqual({ topK: 64 });
});

test('the slim header that is kept says the same', async () => {
  const file = join(folder, 'model.gguf');
  writeWithNumbers(tiny.q4, file, { 'general.sampling.temp': 0.33, 'general.sampling.top_k': 17 });
  const open = () =>
    createHeaders({ hub: createHub({ endpoint: 'http://127.0.0.1:9', redirectHosts: [], token: undefined }), cacheFolder: join(folder, 'cache') });
  const first = await open().forFile([file]);
  expect(first.facts.sampling).toEqual({ temperature: 0.33, topK: 17 });
  const slim = parseHeader(readFileSync(first.path), first.path);
  expect('needs' in slim ? slim : modelFacts([slim]).sampling).toEqual(first.facts.sampling);
});
