/** One answer as whoever asked saw it, and what many of them come to. */

export interface Answer {
  promptTokens: number;
  /** Milliseconds from the question to the first piece of text. */
  firstTokenMs: number;
  /** Generated. */
  tokens: number;
  /** Tokens per second from the first piece to the last. */
  tokensPerSecond: number;
}

/** The time of each piece as it comes, from the question on. */
export function stopwatch(): { piece(): void; answer(told: { promptTokens: number; tokens: number }): Answer } {
  const asked = performance.now();
  let first: number | undefined;
  let last = asked;
  return {
    piece() {
      last = performance.now();
      first ??= last;
    },
    answer({ promptTokens, tokens }) {
      if (first === undefined) throw new Error('The answer was empty');
      return { promptTokens, tokens, firstTokenMs: first - asked, tokensPerSecond: last > first ? (tokens - 1) / ((last - first) / 1000) : 0 };
    },
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
