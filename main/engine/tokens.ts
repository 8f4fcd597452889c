/** Texts as the tokens of a model in this process. */
import type { LlamaModel, Token } from 'node-llama-cpp';

/** A prompt's tokens, with the one that the model wants first. */
export function tokenize(model: LlamaModel, text: string): Token[] {
  const tokens = model.tokenize(text, true);
  const { bos, shouldPrependBosToken } = model.tokens;
  return shouldPrependBosToken && bos != null && tokens[0] !== bos ? [bos, ...tokens] : tokens;
}

/** How many tokens two prompts begin with in common. */
export function commonLength(a: Token[], b: Token[]): number {
  let length = 0;
  while (length < b.length && a[length] === b[length]) length++;
  return length;
}
