/** The hub that the environment names. */
import { expect, test } from 'vitest';
import { hubFromEnvironment } from './platform.ts';

test.each([
  [undefined, 'https://huggingface.co'],
  ['', 'https://huggingface.co'],
  ['https://mirror.example/hf', 'https://mirror.example/hf'],
  ['hf-mirror.example', 'https://hf-mirror.example'],
])('HF_ENDPOINT=%s', (named, endpoint) => expect(hubFromEnvironment({ HF_ENDPOINT: named }).endpoint).toBe(endpoint));

test.each(['not a url', 'http://', 'ftp://mirror.example'])('HF_ENDPOINT=%s is refused by a sentence', (named) => {
  expect(() => hubFromEnvironment({ HF_ENDPOINT: named })).toThrow(expect.objectContaining({ code: 'settings.invalid', data: { key: 'HF_ENDPOINT' } }));
});

test('a token that was read from a file comes without its line end', () => {
  expect(hubFromEnvironment({ HF_TOKEN: 'hf_secret\r\n' }).token).toBe('hf_secret');
});
