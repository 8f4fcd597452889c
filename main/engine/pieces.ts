/** Tokens as text, piece by piece, a character that is cut over several tokens kept until it is whole. */
import type { LlamaModel, Token } from 'node-llama-cpp';

/** More tokens than any character takes; a model that really writes nonsense bytes is not held up for longer. */
const longestCharacter = 8;

/** A writer for one answer. The tags of a thinking block are written out even where the vocabulary hides them. */
export function createPieces(model: LlamaModel): { push(token: Token): string; end(): string } {
  const tags = new Map(
    ['<think>', '</think>']
      .map((tag) => [model.tokenize(tag, true), tag] as const)
      .flatMap(([tokens, tag]) => (tokens.length === 1 ? [[tokens[0]!, tag]] : [])),
  );
  let pending: Token[] = [];
  let before: Token[] = [];

  const flush = (): string => {
    const text = model.detokenize(pending, false, before);
    before = [...before, ...pending].slice(-longestCharacter);
    pending = [];
    return text;
  };

  return {
    push(token) {
      const tag = tags.get(token);
      if (tag) {
        const text = flush() + tag;
        before = [token];
        return text;
      }
      pending.push(token);
      if (pending.length < longestCharacter && model.detokenize(pending, false, before).endsWith('\uFFFD')) return '';
      return flush();
    },
    end: () => (pending.length > 0 ? flush() : ''),
  };
}
