/** One answer of the text backend on its way: what is said, and the statistics of it. */
import type { StopReason, TurnStats } from '../../shared/schemas/chat.ts';
import type { Said } from './backend.ts';

export type Answer = ReturnType<typeof createAnswer>;

/** One answer on its way: passes on what is said until it is over, and keeps the statistics. */
export function createAnswer(on: (event: Said) => void) {
  const started = performance.now();
  let over = false;
  let promptTokens = 0;
  let cachedTokens = 0;
  let promptDone: number | undefined;
  let tokens = 0;
  let firstToken: number | undefined;
  let lastToken = started;
  let thoughtUntil: number | undefined;
  let reason: StopReason = 'end';
  return {
    prompt(total: number, cached: number) {
      promptTokens = total;
      cachedTokens = cached;
    },
    processed(count: number) {
      if (count === promptTokens) promptDone = performance.now();
      if (!over) on({ type: 'prompt', processed: count, total: promptTokens });
    },
    token() {
      if (over) return;
      tokens++;
      lastToken = performance.now();
      firstToken ??= lastToken;
    },
    say(said: Said[]) {
      if (over) return;
      for (const event of said) {
        if (event.type === 'thinking') thoughtUntil = performance.now();
        on(event);
      }
    },
    because(why: StopReason) {
      if (!over) reason = why;
    },
    end(stopped: boolean): TurnStats {
      over = true;
      const writing = lastToken - (firstToken ?? lastToken);
      const reading = (promptDone ?? performance.now()) - started;
      return {
        stopReason: stopped ? 'stopped' : reason,
        promptTokens,
        cachedTokens,
        tokens,
        firstTokenMs: (firstToken ?? performance.now()) - started,
        tokensPerSecond: writing > 0 ? ((tokens - 1) * 1000) / writing : 0,
        promptTokensPerSecond: reading > 0 ? ((promptTokens - cachedTokens) * 1000) / reading : 0,
        ...(thoughtUntil !== undefined && { thinkingMs: thoughtUntil - (firstToken ?? started) }),
      };
    },
  };
}
