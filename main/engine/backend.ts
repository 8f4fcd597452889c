/** What a native engine must do: hold one model and answer with it. */
import type { GenerateEvent, GenerateRequest, LoadRequest } from '../../shared/contract/control.ts';
import type { TurnStats } from '../../shared/schemas/chat.ts';
import type { LoadedModel } from '../../shared/schemas/engine.ts';

export interface Backend {
  /** Loads the one model of this backend. `onProgress` hears 0 to 1. Throws `signal.reason` when aborted. */
  load(request: LoadRequest, onProgress: (progress: number) => void, signal: AbortSignal): Promise<LoadedModel>;
  /**
   * Answers, one request at a time. `on` hears every event but the end, whose statistics are the result.
   * Aborting `stop` is no error: what was said stays said, and the statistics say `stopped`.
   */
  generate(request: GenerateRequest, on: (event: Said) => void, stop: AbortSignal): Promise<TurnStats>;
  /** Settles with a reason when the model is lost without anyone asking: its process must then go too. */
  lost?: Promise<string>;
  /** Gives everything back. */
  dispose(): Promise<void>;
}

/** An event of a running answer, before its end. */
export type Said = Exclude<GenerateEvent, { type: 'end' }>;

/** llama.cpp's own defaults, so that both engines draw alike; they change nothing at temperature 0. */
export const sampling = { topK: 40, topP: 0.95, minP: 0.05 };

/** A picture costs at most this many tokens: llama.cpp would spend up to 4,096 and 17 GiB on one without a cap. */
export const imageTokenCap = 1024;

/** A seed for a request that brings none. */
export const randomSeed = (): number => Math.floor(Math.random() * 2 ** 31);
