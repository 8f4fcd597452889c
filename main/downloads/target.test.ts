/** Names that publishers chose. */
import { join, sep } from 'node:path';
import { expect, test } from 'vitest';
import { targetOf } from './target.ts';

test('a file lies under its publisher, repository and path', () => {
  expect(targetOf('/models', 'unsloth/Qwen3.5-9B-GGUF', 'BF16/Qwen3.5-00001-of-00002.gguf')).toBe(
    join(sep, 'models', 'unsloth', 'Qwen3.5-9B-GGUF', 'BF16', 'Qwen3.5-00001-of-00002.gguf'),
  );
});

test.each([
  ['a/b', '../x.gguf'],
  ['a/b', 'x/../../../x.gguf'],
  ['a/b', '/x.gguf'],
  ['a/b', 'x//y.gguf'],
  ['a/b', '..\\x.gguf'],
  ['a/b', 'C:x.gguf'],
  ['a/b', 'a\0b.gguf'],
  ['a/b', 'a\nb.gguf'],
  ['a/b', 'CON.gguf'],
  ['a/b', 'folder./x.gguf'],
  ['a/b', 'folder /x.gguf'],
  ['a/b', '.hidden/x.gguf'],
  ['a/b', `${'x'.repeat(300)}.gguf`],
  ['a/b', 'x.gguf.part'],
  ['a/b', 'x.exe'],
  ['../b', 'x.gguf'],
  ['a/..', 'x.gguf'],
  ['a', 'x.gguf'],
  ['a/b/c', 'x.gguf'],
  ['', 'x.gguf'],
])('%j %j is refused', (repo, path) => {
  expect(() => targetOf('/models', repo, path)).toThrow(expect.objectContaining({ code: 'hub.unsafeName' }));
});
