/** One answer of llama-server on its way: passes on what its chunks say, and keeps the statistics. */
import type { GenerateRequest, ToolCall } from '../../shared/contract/control.ts';
import type { TurnStats } from '../../shared/schemas/chat.ts';
import type { Said } from './backend.ts';
import type { Chunk, Timings } from './openaiClient.ts';

export interface ServerAnswer {
  take(chunk: Chunk): void;
  /** Says the calls of tools, which come in pieces, and sums up. */
  end(stopped: boolean): TurnStats;
}

export function createServerAnswer({ maxTokens }: Pick<GenerateRequest, 'maxTokens'>, on: (event: Said) => void): ServerAnswer {
  const started = performance.now();
  let firstToken: number | undefined;
  let thoughtUntil: number | undefined;
  let finish: string | null | undefined;
  let timings: Timings | undefined;
  let promptTokens = 0;
  let cachedTokens = 0;
  let blank = '';
  const calls: ToolCall[] = [];

  return {
    take(chunk) {
      timings = chunk.timings ?? timings;
      if (chunk.prompt_progress) {
        const { total, cache, processed } = chunk.prompt_progress;
        promptTokens = total;
        cachedTokens = cache;
        on({ type: 'prompt', processed, total });
      }
      for (const { delta, finish_reason } of chunk.choices) {
        finish = finish_reason ?? finish;
        if (!delta.content && !delta.reasoning_content && !delta.tool_calls?.length) continue;
        firstToken ??= performance.now();
        if (delta.reasoning_content) {
          thoughtUntil = performance.now();
          // Blank space at the end of the thinking belongs to its tag.
          const thought = blank + delta.reasoning_content;
          const said = thought.trimEnd();
          blank = thought.slice(said.length);
          if (said !== '') on({ type: 'thinking', text: said });
        }
        if (delta.content) on({ type: 'text', text: delta.content });
        for (const { index, id, function: said } of delta.tool_calls ?? []) {
          const call = calls[index] ?? { id: id ?? `call-${index}`, name: '', arguments: '' };
          calls[index] = { ...call, name: call.name + (said?.name ?? ''), arguments: call.arguments + (said?.arguments ?? '') };
        }
      }
    },

    end(stopped) {
      // A call that was cut off is none.
      if (!stopped && finish === 'tool_calls') for (const call of calls) on({ type: 'toolCall', call });
      const tokens = timings?.predicted_n ?? 0;
      const ended = finish !== 'length' ? 'end' : maxTokens && tokens >= maxTokens ? 'length' : 'context';
      return {
        stopReason: stopped ? 'stopped' : ended,
        promptTokens: promptTokens || (timings?.prompt_n ?? 0) + (timings?.cache_n ?? 0),
        cachedTokens: timings?.cache_n ?? cachedTokens,
        tokens,
        firstTokenMs: (firstToken ?? performance.now()) - started,
        tokensPerSecond: timings?.predicted_per_second ?? 0,
        promptTokensPerSecond: timings?.prompt_per_second ?? 0,
        ...(timings?.draft_n && { draft: { guessed: timings.draft_n, accepted: timings.draft_n_accepted ?? 0 } }),
        ...(thoughtUntil !== undefined && { thinkingMs: thoughtUntil - (firstToken ?? started) }),
      };
    },
  };
}
