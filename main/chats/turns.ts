/** The answers that are running: keeps their text, lets watchers join at any position, stores them as they grow. */
import type { GenerateEvent } from '../../shared/contract/control.ts';
import { type AppError, Fault, toAppError } from '../../shared/result.ts';
import type { Turn, TurnEvent, TurnPosition, TurnStats } from '../../shared/schemas/chat.ts';
import type { Log } from '../log.ts';
import { createWatched, type Watched } from '../watched.ts';
import type { ChatStore, Outcome } from './store.ts';

/** Starts the model and hands over what it says; settles when it has said everything. */
type Generate = (on: (event: GenerateEvent) => void) => Promise<void>;

export interface Turns {
  /** Runs the answer `turnId`, which is stored as running. Never throws: what goes wrong becomes the turn's end. */
  begin(turnId: string, generate: Generate): void;
  /**
   * What a watcher at `from` has missed, then all that comes, then `end` with the stored turn; ends early when `signal` aborts.
   * A slow watcher gets longer texts, never an old one. Throws `turn.notFound`.
   */
  watch(turnId: string, from: TurnPosition, signal: AbortSignal): AsyncIterable<TurnEvent>;
  /** The turn with the text that has not been stored yet. */
  fresh(turn: Turn): Turn;
  /** Settles when the answer has ended and is stored; at once when it is not running. */
  ended(turnId: string): Promise<void>;
  /** Stores every running answer as interrupted: the app closes. */
  close(): void;
}

interface Progress {
  prompt: { processed: number; total: number } | undefined;
  thinking: string;
  text: string;
  /** The stored turn, when it has ended. */
  end: Turn | undefined;
}

interface Answer {
  progress: Watched<Progress>;
  ended: PromiseWithResolvers<void>;
  timer: NodeJS.Timeout | undefined;
}

export interface TurnsOptions {
  store: Pick<ChatStore, 'turn' | 'progress' | 'drop' | 'end'>;
  log: Pick<Log, 'error'>;
  /** Hears of every end, and of what an answer is given without, after it is stored. */
  onChange: (turn: Turn) => void;
  /** Milliseconds between two stores of a growing answer: what a kill of the app may lose. */
  saveEveryMs?: number;
}

export function createTurns({ store, log, onChange, saveEveryMs = 1000 }: TurnsOptions): Turns {
  const answers = new Map<string, Answer>();
  let closed = false;

  const save = (turnId: string, answer: Answer): void => {
    answer.timer = undefined;
    const { thinking, text } = answer.progress.get();
    try {
      store.progress(turnId, thinking, text);
    } catch (error) {
      log.error('A growing answer could not be stored', { turnId, error });
    }
  };

  const take = (turnId: string, answer: Answer, event: GenerateEvent): void => {
    const now = answer.progress.get();
    if (now.end || event.type === 'end') return;
    if (event.type === 'prompt') {
      answer.progress.set({ ...now, prompt: { processed: event.processed, total: event.total } });
      return;
    }
    if (event.type === 'dropped') {
      onChange(store.drop(turnId, { messages: event.messages, tokens: event.tokens }));
      return;
    }
    // No chat asks for tools yet.
    if (event.type === 'toolCall') return;
    answer.progress.set({ ...now, [event.type]: now[event.type] + event.text });
    answer.timer ??= setTimeout(() => save(turnId, answer), saveEveryMs);
  };

  /** Stores the end, tells everyone, and tries again later while the disk refuses. */
  const finish = (turnId: string, answer: Answer, how: Omit<Outcome, 'thinking' | 'text'>): void => {
    if (answer.progress.get().end) return;
    clearTimeout(answer.timer);
    const { thinking, text } = answer.progress.get();
    let end: Turn;
    try {
      end = store.end(turnId, { ...how, thinking, text });
    } catch (error) {
      log.error('The end of an answer could not be stored', { turnId, error });
      if (!closed) answer.timer = setTimeout(() => finish(turnId, answer, how), saveEveryMs);
      return;
    }
    answers.delete(turnId);
    answer.progress.set({ ...answer.progress.get(), end });
    answer.ended.resolve();
    onChange(end);
  };

  return {
    begin(turnId, generate) {
      const progress = createWatched<Progress>({ prompt: undefined, thinking: '', text: '', end: undefined });
      const answer: Answer = { progress, ended: Promise.withResolvers(), timer: undefined };
      answers.set(turnId, answer);
      const run = async (): Promise<void> => {
        let stats: TurnStats | undefined;
        try {
          await generate((event) => {
            if (event.type === 'end') stats = event.stats;
            take(turnId, answer, event);
          });
          if (!stats) throw new Fault('engine.crashed', 'The engine ended the answer without saying how', { reason: 'no end' });
          finish(turnId, answer, { status: stats.stopReason === 'stopped' ? 'stopped' : 'done', stats });
        } catch (error) {
          if (!(error instanceof Fault)) log.error('An answer failed', { turnId, error });
          finish(turnId, answer, failure(toAppError(error)));
        }
      };
      void run();
    },

    async *watch(turnId, from, signal) {
      const answer = answers.get(turnId);
      let at = from;
      const missed = function* (now: Pick<Progress, 'thinking' | 'text'>): Iterable<TurnEvent> {
        for (const type of ['thinking', 'text'] as const) {
          // A watcher may be ahead of what a killed app had stored: it then hears where the text really ends.
          const start = Math.min(at[type], now[type].length);
          if (at[type] !== now[type].length) yield { type, at: start, text: now[type].slice(start) };
        }
        at = { thinking: now.thinking.length, text: now.text.length };
      };

      if (!answer) {
        const turn = store.turn(turnId);
        yield* missed(turn);
        yield { type: 'end', turn };
        return;
      }
      let prompt: Progress['prompt'];
      for await (const now of answer.progress.watch(signal)) {
        if (now.prompt && now.prompt !== prompt) yield { type: 'prompt', ...now.prompt };
        prompt = now.prompt;
        yield* missed(now);
        if (now.end) return yield { type: 'end', turn: now.end };
      }
    },

    fresh(turn) {
      const now = answers.get(turn.id)?.progress.get();
      return now ? { ...turn, thinking: now.thinking, text: now.text } : turn;
    },
    ended: (turnId) => answers.get(turnId)?.ended.promise ?? Promise.resolve(),
    close() {
      closed = true;
      for (const [turnId, answer] of answers) finish(turnId, answer, { status: 'interrupted' });
    },
  };
}

/** A crash interrupts, a refusal fails; the text that was there stays either way. */
function failure(error: AppError): Omit<Outcome, 'thinking' | 'text'> {
  if (error.code === 'cancelled') return { status: 'stopped' };
  const interrupted = error.code === 'engine.crashed' || error.code === 'disconnected';
  return { status: interrupted ? 'interrupted' : 'failed', error };
}
