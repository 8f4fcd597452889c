/** An engine for tests: each answer waits for the test to say what comes next. */
import type { GenerateEvent, GenerateRequest } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { TurnStats } from '../../shared/schemas/chat.ts';
import type { AnswerEngine } from './asking.ts';

/** One answer that was asked for. */
interface Script {
  request: GenerateRequest;
  say(text: string): void;
  think(text: string): void;
  drop(messages: number, tokens: number): void;
  prompt(processed: number, total: number): void;
  end(stopReason?: TurnStats['stopReason']): void;
  fail(error: unknown): void;
}

export interface ScriptedEngine extends AnswerEngine {
  /** In the order they were asked for. */
  scripts: Script[];
  /** The chats and models of `scripts`. */
  of: { chatId: string; modelId: string }[];
  /** Has that model give so many answers at once. */
  widen(modelId: string, slots: number): void;
  /** Has another model loaded, or none. */
  load(modelId: string | undefined): void;
  /** Has none loaded, and `modelId` waiting to be loaded by a message until `loaded` is called, with why it fails where it does. */
  eject(modelId: string): void;
  loaded(fault?: unknown): void;
}

/** Statistics of an answer that ended so. */
export const statsOf = (stopReason: TurnStats['stopReason']): TurnStats => ({
  stopReason,
  promptTokens: 5,
  cachedTokens: 0,
  tokens: 3,
  firstTokenMs: 10,
  tokensPerSecond: 20,
  promptTokensPerSecond: 50,
});

/** A scripted engine with the model `tiny` loaded; `stop` returns before the answer has ended, as a real engine's does. */
export function scriptedEngine(): ScriptedEngine {
  let model: string | undefined = 'tiny';
  const scripts: Script[] = [];
  const of: ScriptedEngine['of'] = [];
  const widths = new Map<string, number>();
  let load = Promise.withResolvers<void>();
  load.resolve();
  return {
    scripts,
    of,
    widen: (modelId, slots) => void widths.set(modelId, slots),
    slots: (modelId) => widths.get(modelId) ?? 1,
    load(modelId) {
      model = modelId;
      load.resolve();
    },
    eject(modelId) {
      model = modelId;
      load = Promise.withResolvers();
    },
    loaded: (fault) => (fault === undefined ? load.resolve() : load.reject(fault)),
    modelId: () => model,
    async ready(modelId, signal) {
      if (model !== modelId) throw new Fault('engine.replaced', 'Another model was loaded while the message waited');
      await Promise.race([
        load.promise,
        new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Fault('cancelled', 'Stopped while the model was loading')))),
      ]);
    },
    async ledger(_, { messages }) {
      const rows = messages.map(({ role }) => ({ role, tokens: 10, cached: true }));
      const total = 10 * rows.length;
      return { context: 4096, total, cached: total, system: 0, images: 0, thinking: 0, tools: 0, messages: rows };
    },
    generate(which, request: GenerateRequest, on: (event: GenerateEvent) => void) {
      of.push(which);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      scripts.push({
        request,
        say: (text) => on({ type: 'text', text }),
        think: (text) => on({ type: 'thinking', text }),
        drop: (messages, tokens) => on({ type: 'dropped', messages, tokens }),
        prompt: (processed, total) => on({ type: 'prompt', processed, total }),
        end(stopReason = 'end') {
          on({ type: 'end', stats: statsOf(stopReason) });
          resolve();
        },
        fail: reject,
      });
      return promise;
    },
    async stop(turnId) {
      setTimeout(() => scripts.find((script) => script.request.turnId === turnId)?.end('stopped'), 5);
    },
  };
}
