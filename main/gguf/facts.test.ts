/** The facts of the fixtures' models, of the true-shape headers, and whether templates switch thinking. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { modelFacts } from './facts.ts';
import { type GgufHeader, parseHeader } from './header.ts';
import { switchesThinking } from './thinking.ts';

const fixture = (path: string): string => fileURLToPath(new URL(`../../e2e/fixtures/${path}`, import.meta.url));

async function headerOf(path: string): Promise<GgufHeader> {
  const header = parseHeader(await readFile(fixture(path)), path);
  if ('needs' in header) throw new Error('truncated');
  return header;
}

test('the tiny model: shards together are the model', async () => {
  const single = modelFacts([await headerOf('tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q8_0.gguf')]);
  expect(single).toMatchObject({
    architecture: 'qwen35',
    type: 'model',
    name: 'Tiny Qwen3.5 VL',
    label: 'Q8_0',
    contextLength: 32768,
    blockCount: 4,
    embeddingLength: 256,
    feedForwardLength: 768,
    vocabularySize: 2048,
    headCount: 4,
    headCountKv: 2,
    keyLength: 64,
    valueLength: 64,
    fullAttentionInterval: 4,
    recurrentLayers: [true, true, true, false],
    ssm: { convKernel: 4, innerSize: 256, stateSize: 64, groupCount: 2, timeStepRank: 4 },
    chat: true,
    thinking: true,
    pictures: true,
  });
  const shards = await Promise.all([1, 2, 3].map((n) => headerOf(`tiny-qwen3.5-vl/tiny-qwen3.5-vl-Q8_0-0000${n}-of-00003.gguf`)));
  expect(modelFacts(shards)).toEqual(single);
});

test('a projector', async () => {
  const facts = modelFacts([await headerOf('tiny-qwen3.5-vl/mmproj-tiny-qwen3.5-vl-F16.gguf')]);
  expect(facts).toMatchObject({ architecture: 'clip', type: 'mmproj', label: 'F16', chat: false, thinking: false });
  expect(facts.clip).toEqual({
    vision: true,
    audio: false,
    projectorType: 'qwen3vl_merger',
    projectionDim: 256,
    blockCount: 4,
    embeddingLength: 128,
    feedForwardLength: 512,
    headCount: 4,
    imageSize: 256,
    patchSize: 16,
    mergeSize: 2,
  });
});

test('the true shapes have the parameters that their names say', async () => {
  const billions = new Map<string, number>();
  for (const file of (await readdir(fixture('headers'))).filter((name) => name.endsWith('.gguf'))) {
    const facts = modelFacts([await headerOf(`headers/${file}`)]);
    billions.set(file, facts.parameters / 1e9);
    if (file.startsWith('qwen3.5-35b')) expect(facts.experts).toEqual({ count: 256, used: 8 });
    expect(facts.vocabularySize).toBeGreaterThan(100_000);
  }
  expect(billions.get('llama-3.1-8b-Q4_K_M.gguf')).toBeCloseTo(8.03, 2);
  expect(billions.get('qwen3.5-9b-Q4_K_M.gguf')).toBe(billions.get('qwen3.5-9b-Q8_0.gguf'));
  expect(billions.get('gpt-oss-20b-MXFP4.gguf')).toBeGreaterThan(20);
});

test('a template switches thinking when its prompts differ', () => {
  expect(switchesThinking('{{ messages[0].content }}{% if enable_thinking %}<think>{% endif %}')).toBe(true);
  expect(switchesThinking('{{ messages[0].content }}{% if not enable_thinking is defined %}x{% endif %}')).toBe(false);
  expect(switchesThinking('{{ messages[0].content }}')).toBe(false);
});

test('a broken template, and one that never ends, switch nothing', () => {
  expect(switchesThinking('{% if enable_thinking %}')).toBe(false);
  expect(switchesThinking("{{ raise_exception('enable_thinking') }}")).toBe(false);
  expect(switchesThinking('{% for a in range(100000) %}{% for b in range(100000) %}{{ enable_thinking }}{% endfor %}{% endfor %}')).toBe(false);
  expect(switchesThinking(`{{ enable_thinking }}${' '.repeat(300_000)}`)).toBe(false);
});
