/** Which model on disk is a quantization of the Hub. */
import { expect, test } from 'vitest';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import { elsewhere } from '../../testing/librarySamples.ts';
import { libraryModel } from '../../testing/samples.ts';
import { sameOnDisk, whereOf } from './onDisk.ts';

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
const quantization = (files: { path: string; size: number; sha256?: string }[]) => ({ id: 'q', label: 'Q4_K_M', files, size: 1 });
const model = (files: LibraryModel['files'], more: Partial<LibraryModel> = {}) => libraryModel({ files, ...more });

test('the same content under any name, in any app', () => {
  const there = quantization([{ path: 'Q4/m-Q4_K_M.gguf', size: 9, sha256: a }]);
  const blob = model([{ path: `/o/blobs/sha256-${a}`, size: 9, sha256: a }], { source: elsewhere[0]!.source });
  expect(sameOnDisk([blob], there)).toBe(blob);
  expect(whereOf(blob)).toBe('Ollama');
  expect(sameOnDisk([{ ...blob, problem: 'truncated' }], there)).toBeUndefined();
});

test('another content is another file, whatever its name and size', () => {
  const there = quantization([{ path: 'm-Q4_K_M.gguf', size: 9, sha256: a }]);
  expect(sameOnDisk([model([{ path: '/d/m-Q4_K_M.gguf', size: 9, sha256: b }])], there)).toBeUndefined();
});

test('where a hash is not known, name and size of every shard decide', () => {
  const there = quantization([
    { path: 'm-00001-of-00002.gguf', size: 9, sha256: a },
    { path: 'm-00002-of-00002.gguf', size: 5 },
  ]);
  const both = model([
    { path: '/d/x/m-00001-of-00002.gguf', size: 9 },
    { path: '/d/x/m-00002-of-00002.gguf', size: 5 },
  ]);
  expect(sameOnDisk([both], there)).toBe(both);
  expect(sameOnDisk([model(both.files.slice(0, 1))], there)).toBeUndefined();
  expect(sameOnDisk([model([both.files[0]!, { path: '/d/x/m-00002-of-00002.gguf', size: 6 }])], there)).toBeUndefined();
  expect(sameOnDisk([model([{ path: '/d/x/n-00001-of-00002.gguf', size: 9 }, both.files[1]!])], there)).toBeUndefined();
});
