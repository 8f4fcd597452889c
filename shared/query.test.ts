/** What people type and paste. */
import { expect, test } from 'vitest';
import { parseQuery, repoOf } from './query.ts';

const repo = 'unsloth/Qwen3.5-9B-GGUF';
const found = (quantization?: string) => ({ search: repo, repo, ...(quantization && { quantization }) });

test.each([
  [' qwen 3.5 ', { search: 'qwen 3.5' }],
  ['', { search: '' }],
  [repo, found()],
  [`${repo}:Q4_K_M`, found('Q4_K_M')],
  [`${repo}:ud-q4_k_xl`, found('UD-Q4_K_XL')],
  [`hf.co/${repo}:Q4_K_M`, found('Q4_K_M')],
  [`https://huggingface.co/${repo}`, found()],
  [`https://huggingface.co/${repo}/tree/main`, found()],
  [`https://huggingface.co/${repo}/blob/main/Qwen3.5-9B-Q6_K.gguf`, found('Q6_K')],
  [`https://huggingface.co/${repo}/resolve/main/Q8_0/x-00001-of-00002.gguf?download=true`, found('Q8_0')],
  [`https://huggingface.co/${repo}?show_file_info=Qwen3.5-9B-UD-Q4_K_XL.gguf`, found('UD-Q4_K_XL')],
  [`https://huggingface.co/api/models/${repo}`, found()],
  [`https://hf-mirror.com/${repo}`, found()],
  [`http://127.0.0.1:8080/${repo}`, found()],
  [`lmstudio://open_from_hf?model=${repo}&file=Qwen3.5-9B-Q4_0.gguf`, found('Q4_0')],
  [`lmstudio://open_from_hf?file=x-Q8_0.gguf&model=unsloth%2FQwen3.5-9B-GGUF`, found('Q8_0')],
  ['lmstudio://open_from_hf?model=', { search: 'lmstudio://open_from_hf?model=' }],
  [`http://127.0.0.1:8080/${repo}/resolve/main/x-Q4_0.gguf`, found('Q4_0')],
  [`jan://models/huggingface/${repo}`, found()],
  ['https://huggingface.co/models', { search: 'https://huggingface.co/models' }],
  [`https://huggingface.co/${repo}/blob/main/%ZZ.gguf`, found()],
  [`${repo}:`, { search: `${repo}:` }],
  ['a/b/c', { search: 'a/b/c' }],
])('%s', (text, query) => expect(parseQuery(text)).toEqual(query));

test('only an address is one', () => {
  expect(repoOf(`https://hf.co/${repo}?x=1`)).toBe(repo);
  expect(repoOf(repo)).toBeUndefined();
  expect(repoOf('qwen 3.5')).toBeUndefined();
  expect(repoOf('http://[::1')).toBeUndefined();
});
