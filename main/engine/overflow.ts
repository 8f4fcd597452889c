/** What is left out of a conversation that is longer than its context. */
import type { Message } from '../../shared/contract/control.ts';
import type { Overflow } from '../../shared/schemas/answer.ts';

export interface Fitted {
  messages: Message[];
  /** How many were left out and their tokens; 0 when all fit. */
  dropped: { messages: number; tokens: number };
}

/** Tokens to keep free for an answer: what it may have, at most a quarter of the context. */
export const answerRoom = (context: number, maxTokens: number | undefined): number => Math.min(maxTokens || context, Math.floor(context / 4));

/**
 * The messages that fit into `room` tokens, `tokens` being those of each message. Whole turns go, a question with all
 * that answers it, the oldest first; `keepEnds` keeps the first one. System messages before them and the last turn stay
 * always. They go in blocks of a quarter of the room, so that the beginning stays the same, and with it what is already
 * processed, until a block more is full. Undefined: it does not fit.
 */
export function fitInto(messages: Message[], tokens: number[], room: number, policy: Overflow): Fitted | undefined {
  const excess = sum(tokens) - room;
  if (excess <= 0) return { messages, dropped: { messages: 0, tokens: 0 } };
  if (policy === 'stop') return undefined;
  const starts = turnStarts(messages);
  const first = policy === 'keepEnds' ? 1 : 0;
  const from = starts[first];
  if (from === undefined) return undefined;
  const block = Math.max(1, Math.ceil(room / 4));
  const wanted = Math.ceil(excess / block) * block;
  let until = from;
  for (const end of starts.slice(first + 1)) {
    if (sum(tokens.slice(from, until)) >= wanted) break;
    until = end;
  }
  const gone = sum(tokens.slice(from, until));
  if (gone < excess) return undefined;
  return { messages: messages.toSpliced(from, until - from), dropped: { messages: until - from, tokens: gone } };
}

/** Where each turn begins: at a question; what stands before the first one belongs to it, but for system messages. */
function turnStarts(messages: Message[]): number[] {
  const first = messages.findIndex(({ role }) => role !== 'system');
  if (first < 0) return [];
  const questions = messages.flatMap(({ role }, index) => (role === 'user' && index > first ? [index] : []));
  const answered = messages.slice(first).findIndex(({ role }) => role === 'user') + first;
  return [first, ...questions.filter((index) => index > answered)];
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
