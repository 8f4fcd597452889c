/** Families and sizes by name, and rows grouped by them: real names of the Hub. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseSummary } from '../main/hub/search.ts';
import { familyOf, groupFamilies, sizeInBillions } from './family.ts';
import type { ModelSummary } from './schemas/hub.ts';

test.each([
  ['unsloth/Qwen3.5-9B-GGUF', undefined, 'Qwen3.5', '9B'],
  ['bartowski/Qwen_Qwen3.5-9B-GGUF', undefined, 'Qwen3.5', '9B'],
  ['bartowski/Qwen_Qwen3.5-9B-GGUF', 'Qwen/Qwen3.5-9B', 'Qwen3.5', '9B'],
  ['unsloth/Qwen3.5-0.8B-GGUF', undefined, 'Qwen3.5', '0.8B'],
  ['unsloth/Qwen3.5-35B-A3B-GGUF', undefined, 'Qwen3.5', '35B-A3B'],
  ['bartowski/Meta-Llama-3.1-8B-Instruct-GGUF', undefined, 'Llama-3.1', '8B'],
  ['meta-llama/Llama-3.1-8B-Instruct-GGUF', 'meta-llama/Llama-3.1-8B-Instruct', 'Llama-3.1', '8B'],
  ['google/gemma-3-4b-it-qat-q4_0-gguf', undefined, 'gemma-3', '4B'],
  ['unsloth/gemma-4-12B-it-qat-GGUF', 'google/gemma-4-12B-it-qat-q4_0-unquantized', 'gemma-4', '12B'],
  ['ggml-org/gemma-4-E4B-it-GGUF', 'google/gemma-4-E4B-it', 'gemma-4', 'E4B'],
  ['bartowski/google_gemma-3-27b-it-GGUF', undefined, 'gemma-3', '27B'],
  ['ggml-org/gpt-oss-20b-GGUF', undefined, 'gpt-oss', '20B'],
  ['unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF', undefined, 'Qwen3-Coder', '30B-A3B'],
  ['unsloth/Qwen3-VL-8B-Thinking-GGUF', undefined, 'Qwen3-VL', '8B'],
  ['TheBloke/Mixtral-8x7B-Instruct-v0.1-GGUF', undefined, 'Mixtral', '8x7B'],
  ['unsloth/Llama-4-Scout-17B-16E-Instruct-GGUF', undefined, 'Llama-4-Scout', '17B-16E'],
  ['unsloth/Mistral-Small-3.2-24B-Instruct-2506-GGUF', undefined, 'Mistral-Small-3.2', '24B'],
  ['unsloth/DeepSeek-R1-0528-Qwen3-8B-GGUF', undefined, 'DeepSeek-R1-0528-Qwen3', '8B'],
  ['HuggingFaceTB/SmolLM2-360M-Instruct-GGUF', undefined, 'SmolLM2', '360M'],
  ['unsloth/Phi-4-mini-instruct-GGUF', undefined, 'Phi-4-mini', undefined],
  ['unsloth/Qwen3.8-Flash-Next-GGUF', 'Qwen/Qwen3.8-Flash-Next', 'Qwen3.8-Flash-Next', undefined],
  ['mudler/Laguna-XS-2.1-APEX-GGUF', 'poolside/Laguna-XS-2.1', 'Laguna-XS-2.1', undefined],
  ['huihui-ai/Huihui-Qwen3.8-27B-abliterated-GGUF', 'Qwen/Qwen3.8-27B', 'Qwen3.8', '27B'],
  ['antirez/deepseek-v4-gguf', 'deepseek-ai/DeepSeek-V4-Flash', 'DeepSeek-V4-Flash', undefined],
  ['ada/some-7B-GGUF', 'ada/Something', 'Something', '7B'],
  // Nothing but what publishers add: the name itself.
  ['ada/8B-GGUF', undefined, '8B', '8B'],
  ['ada/GGUF', undefined, 'GGUF', undefined],
  ['ada/---', undefined, '---', undefined],
  ['ada/99999999999B-Q4_K_M', undefined, '99999999999B', undefined],
])('%s of %s is %s %s', (id, base, family, size) => {
  expect(familyOf(id, base)).toEqual({ family, ...(size && { size }) });
});

test('a name of a hundred thousand characters takes no time', () => {
  for (const name of ['a-'.repeat(50_000), '-gguf'.repeat(20_000), '1'.repeat(100_000), 'q4_'.repeat(30_000), 'a_1'.repeat(30_000)]) familyOf(name);
}, 2000);

test.each([
  ['9B', 9],
  ['35B-A3B', 35],
  ['0.8B', 0.8],
  ['E4B', 4],
  ['8x7B', 56],
  ['360M', 0.36],
  ['1T', 1000],
])('%s is %d billion', (size, billions) => expect(sizeInBillions(size)).toBeCloseTo(billions));

const rows = (ids: [id: string, downloads: number, ...tags: string[]][]): ModelSummary[] =>
  ids.map(([id, downloads, ...tags]) => parseSummary({ id, downloads, tags })!);
const shape = (models: ModelSummary[]) =>
  groupFamilies(models).map(({ name, sizes }) => [
    name,
    ...sizes.map(({ size = '?', models: found }) => `${size}: ${found.map(({ owner }) => owner).join(' ')}`),
  ]);

test('three publishers of one model are one size of one family; sizes the largest first, families as their first rows came', () => {
  const models = rows([
    ['ada/Llama-3.1-8B-GGUF', 9],
    ['lmstudio-community/Qwen3.5-9B-GGUF', 2, 'base_model:quantized:Qwen/Qwen3.5-9B'],
    ['unsloth/Qwen3.5-0.8B-GGUF', 5],
    ['bartowski/Qwen_Qwen3.5-9B-GGUF', 1],
    ['unsloth/Qwen3.5-9B-GGUF', 3, 'base_model:Qwen/Qwen3.5-9B', 'base_model:quantized:Qwen/Qwen3.5-9B'],
    ['unsloth/Qwen3.5-35B-A3B-GGUF', 4],
    ['bob/Meta-Llama-3.1-8B-Instruct-GGUF', 10],
  ]);
  expect(shape(models)).toEqual([
    ['Llama-3.1', '8B: bob ada'],
    ['Qwen3.5', '35B-A3B: unsloth', '9B: unsloth lmstudio-community bartowski', '0.8B: unsloth'],
  ]);
});

test('a fine-tune, a merge and a collection are families of their own, a quantization of one is of it', () => {
  const models = rows([
    ['ada/Fable-9B-GGUF', 1, 'base_model:Qwen/Qwen3.5-9B', 'base_model:finetune:Qwen/Qwen3.5-9B'],
    ['bob/anything-GGUF', 2, 'base_model:ada/Fable-9B', 'base_model:quantized:ada/Fable-9B'],
    ['carl/Two-9B-GGUF', 3, 'base_model:quantized:Qwen/Qwen3.5-9B', 'base_model:quantized:Qwen/Qwen3-8B'],
    ['dora/Odd-9B-GGUF', 3, 'base_model:quantized:../../etc', `base_model:quantized:x/${'y'.repeat(100_000)}`],
  ]);
  expect(shape(models)).toEqual([
    ['Fable', '9B: bob ada'],
    ['Two', '9B: carl'],
    ['Odd', '9B: dora'],
  ]);
  expect(models.map(({ baseModel }) => baseModel)).toEqual(['Qwen/Qwen3.5-9B', 'ada/Fable-9B', 'Qwen/Qwen3.5-9B', undefined]);
});

test('the recorded front page of the Hub', () => {
  const { body } = JSON.parse(readFileSync(new URL('../e2e/fixtures/hub-samples/search-front-page.json', import.meta.url), 'utf8'));
  const families = groupFamilies(body.map(parseSummary));
  expect(families.flatMap(({ sizes }) => sizes.flatMap(({ models }) => models))).toHaveLength(body.length);
  expect(families[0]).toMatchObject({ name: 'Qwen3-Coder', sizes: [{ size: '30B-A3B' }] });
  const big = families.find(({ name }) => name === 'Qwen3.8')!;
  expect(big.sizes.map(({ size }) => size)).toEqual(['27B']);
  const downloads = big.sizes[0]!.models.map((model) => model.downloads);
  expect(downloads).toEqual(downloads.toSorted((a, b) => b - a));
  expect(big.sizes[0]!.models.map(({ owner }) => owner)).toEqual(expect.arrayContaining(['unsloth', 'lmstudio-community', 'ggml-org', 'huihui-ai']));
  expect(families.find(({ name }) => name === 'Ornith-1.5')!.sizes.map(({ size }) => size)).toEqual(['35B-A3B', '9B']);
  expect(families.map(({ name }) => name)).toEqual(expect.arrayContaining(['Qwen3.5', 'Qwen3.6', 'Gemma-4', 'Inkling-Small']));
});
