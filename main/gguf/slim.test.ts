/** The slim header costs llama.cpp's virtual load the same bytes as the file itself. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GgufInsights, getLlama, type Llama, readGgufFileInfo } from 'node-llama-cpp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseHeader } from './header.ts';
import { slimHeader } from './slim.ts';

const tiny = (name: string): string => fileURLToPath(new URL(`../../e2e/fixtures/tiny-qwen3.5-vl/${name}`, import.meta.url));
const shards = [1, 2, 3].map((n) => tiny(`tiny-qwen3.5-vl-Q8_0-0000${n}-of-00003.gguf`));
let llama: Llama;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slim-'));
  llama = await getLlama({ gpu: false, build: 'never', maxThreads: 2, progressLogs: false });
});
afterAll(async () => {
  await llama.dispose();
  await rm(folder, { recursive: true });
});

async function slim(paths: string[]): Promise<string> {
  const headers = await Promise.all(
    paths.map(async (path) => {
      const bytes = await readFile(path);
      const header = parseHeader(bytes, path);
      if ('needs' in header) throw new Error('truncated');
      return { header, bytes };
    }),
  );
  const path = join(folder, `${paths.length}-${paths[0]!.split('/').at(-1)}`.replace(/-\d{5}-of-\d{5}/, ''));
  await writeFile(path, slimHeader(headers, path));
  return path;
}

async function estimate(path: string) {
  const warnings: string[] = [];
  llama.logger = (_level, message) => void warnings.push(message);
  const insights = await GgufInsights.from(await readGgufFileInfo(path, { logWarnings: false }), llama);
  const model = await insights.estimateModelResourceRequirementsV2({ gpuLayers: 0 });
  const context = await insights.estimateContextResourceRequirementsV2({
    contextSize: 4096,
    modelGpuLayers: 0,
    batchSize: 512,
    sequences: 1,
    flashAttention: true,
  });
  // A library that could not load the file virtually falls back to a rough formula and says so.
  expect(warnings.filter((line) => /failed/i.test(line))).toEqual([]);
  return { model, context };
}

test('one file', async () => {
  const full = await estimate(tiny('tiny-qwen3.5-vl-Q4_K_M.gguf'));
  expect(full.model.cpuRam).toBeGreaterThan(2_000_000);
  const path = await slim([tiny('tiny-qwen3.5-vl-Q4_K_M.gguf')]);
  expect((await readFile(path)).length).toBeLessThan(8000);
  expect(await estimate(path)).toEqual(full);
});

test('three shards become one header, which costs what the unsplit file costs', async () => {
  const path = await slim(shards);
  const [slimmed, split, single] = [await estimate(path), await estimate(shards[0]!), await estimate(tiny('tiny-qwen3.5-vl-Q8_0.gguf'))];
  expect(slimmed).toEqual(split);
  expect(slimmed).toEqual(single);
});

test('a slim header of a slim header is the same', async () => {
  const path = await slim([tiny('tiny-qwen3.5-vl-Q4_K_M.gguf')]);
  const bytes = await readFile(path);
  const header = parseHeader(bytes, path);
  if ('needs' in header) throw new Error('truncated');
  expect(header.metadata.get('qwen35.vocab_size')).toBe(2048);
  expect(header.metadata.get('tokenizer.ggml.model')).toBe('no_vocab');
  expect(Buffer.from(slimHeader([{ header, bytes }], path)).equals(bytes)).toBe(true);
});
