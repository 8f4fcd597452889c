/** What a native engine must do: hold one model and answer with it. */
import type { GenerateEvent, GenerateRequest, Ledger, LoadRequest, SavedState } from '../../shared/contract/control.ts';
import type { TurnStats } from '../../shared/schemas/chat.ts';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import type { EngineChoice } from '../../shared/schemas/memory.ts';
import { defaultSampling, type Sampling, sampling, type WholeSampling } from '../../shared/schemas/sampling.ts';

export interface Backend {
  /** Loads the one model of this backend. `onProgress` hears 0 to 1. Throws `signal.reason` when aborted. */
  load(request: LoadRequest, onProgress: (progress: number) => void, signal: AbortSignal): Promise<LoadedModel>;
  /**
   * Answers, one request at a time for each of the model's slots. `on` hears every event but the end, whose statistics are the result.
   * Aborting `stop` is no error: what was said stays said, and the statistics say `stopped`.
   * Throws `Fault('engine.contextFull')` where the conversation does not fit and nothing may be left out.
   */
  generate(request: GenerateRequest, on: (event: Said) => void, stop: AbortSignal): Promise<TurnStats>;
  /**
   * Reads the slot's last answer as the next prompt will quote it, so that the next turn costs its new words only, on
   * hybrid models too. Ends early when `stop` aborts: nothing is lost by that.
   */
  settle(slot: number, stop: AbortSignal): Promise<void>;
  /** What would fill the context with this request, as if nothing of it had been read before. */
  ledger(request: GenerateRequest): Promise<Ledger>;
  /** Writes the state of the slot's conversation, settled, to `file`, in the `stateFolder` of the load. */
  saveState(file: string, slot: number): Promise<SavedState>;
  /** Takes the state of `file` for its own, of the same model and settings. Throws where it does not fit; the slot holds nothing then. */
  restoreState(file: string, slot: number): Promise<SavedState>;
  /** Settles with a reason when the model is lost without anyone asking: its process must then go too. */
  lost?: Promise<string>;
  /** Gives everything back. */
  dispose(): Promise<void>;
}

/** An event of a running answer, before its end. */
export type Said = Exclude<GenerateEvent, { type: 'end' }>;

/**
 * Which engine loads a model. Pictures need llama-server. `auto` takes it for text too, where it could be built: it reads
 * prompts faster and knows the tool calls of more models.
 */
export function chooseBackend({ projector, serverFolder }: LoadRequest, engine: EngineChoice = 'auto'): LoadedModel['backend'] {
  if (projector) return 'llama-server';
  return serverFolder && engine !== 'node-llama-cpp' ? 'llama-server' : 'node-llama-cpp';
}

/** How the words of an answer are drawn: as asked, and as llama.cpp does where nothing is, so that both engines draw alike. */
export function drawing(asked: Sampling): WholeSampling {
  const given = Object.entries(sampling.parse(asked)).filter(([, value]) => value !== undefined);
  const drawn: WholeSampling = { ...defaultSampling, ...Object.fromEntries(given) };
  return { ...drawn, seed: drawn.seed < 0 ? Math.floor(Math.random() * 2 ** 31) : drawn.seed };
}

/** The last words that the penalties look at, those of the prompt too; in tokens, as llama.cpp has it. */
export const penaltyWindow = 64;
