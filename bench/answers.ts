/** One answer as whoever asked saw it, and what many of them come to. */

export interface Answer {
  promptTokens: number;
  /** Milliseconds from the question to the first piece of text. */
  firstTokenMs: number;
  /** Generated. */
  tokens: number;
  /** Tokens per second from the first piece to the last. */
  tokensPerSecond: number;
  /** When text came, by `performance.now()`, and how many characters. */
  pieces: { at: number; length: number }[];
}

/** The time of each piece of text as it comes, from the question on. */
export function stopwatch(): { piece(text: string): void; answer(told: { promptTokens: number; tokens: number }): Answer } {
  const asked = performance.now();
  const pieces: Answer['pieces'] = [];
  return {
    piece({ length }) {
      pieces.push({ at: performance.now(), length });
    },
    answer({ promptTokens, tokens }) {
      const [first, last] = [pieces[0]?.at, pieces.at(-1)?.at];
      if (first === undefined || last === undefined) throw new Error('The answer was empty');
      return { promptTokens, tokens, firstTokenMs: first - asked, tokensPerSecond: last > first ? (tokens - 1) / ((last - first) / 1000) : 0, pieces };
    },
  };
}

/**
 * Tokens per second of all answers while every one of them is being written: from the first piece of the last to begin to the last
 * piece of the first to end. 0 where there is no such time.
 */
export function writtenTogether(answers: readonly Answer[]): number {
  const from = Math.max(...answers.map(({ pieces }) => pieces[0]!.at));
  const to = Math.min(...answers.map(({ pieces }) => pieces.at(-1)!.at));
  const part = ({ pieces, tokens }: Answer): number => {
    const length = (of: Answer['pieces']): number => of.reduce((sum, piece) => sum + piece.length, 0);
    return (tokens * length(pieces.filter(({ at }) => at > from && at <= to))) / length(pieces);
  };
  return to > from ? answers.reduce((sum, answer) => sum + part(answer), 0) / ((to - from) / 1000) : 0;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
