import { expect, test } from 'vitest';
import { canDraft, canSpeculate } from './speculation.ts';

const big = { tokenizer: 'gpt2 qwen35 248320', parameters: 9e9 };
const small = { ...big, parameters: 8e8 };

test('a smaller model guesses for a bigger one that means the same by a token', () => {
  expect(canDraft(small, big)).toBe(true);
  expect(canDraft(big, small)).toBe(false);
  expect(canDraft(small, small)).toBe(false);
  expect(canDraft({ ...small, tokenizer: 'gpt2 qwen2 151936' }, big)).toBe(false);
  // A file that does not say what its tokens are could mean anything.
  expect(canDraft({ parameters: 8e8 }, { parameters: 9e9 })).toBe(false);
});

test('a model that is gone guesses nothing, and layers only where they are', () => {
  const draft = { type: 'draft', model: 'small.gguf' } as const;
  expect(canSpeculate(draft, big, small)).toBe(true);
  expect(canSpeculate(draft, big, undefined)).toBe(false);
  expect(canSpeculate({ type: 'mtp' }, big, undefined)).toBe(false);
  expect(canSpeculate({ type: 'mtp' }, { ...big, nextnLayers: 1 }, undefined)).toBe(true);
});
