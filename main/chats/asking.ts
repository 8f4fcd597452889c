/** Asking: what a question needs before it is stored, the answer that begins below it, and how it is stopped. */
import { chooseAnswer } from '../../shared/answerChoice.ts';
import type { GenerateEvent, GenerateRequest, Ledger } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { WholeAnswerSettings } from '../../shared/schemas/answer.ts';
import type { Part, Turn } from '../../shared/schemas/chat.ts';
import type { Sampling } from '../../shared/schemas/sampling.ts';
import type { Blobs } from '../blobs/store.ts';
import type { Log } from '../log.ts';
import type { SettingsStore } from '../settings/store.ts';
import { createLine } from './line.ts';
import { toMessages } from './messages.ts';
import type { ChatStore, Exchange } from './store.ts';
import type { Turns } from './turns.ts';

/** What a conversation asks of the engine. */
export interface AnswerEngine {
  /** Library id of the model that answers the next message, loaded or not. */
  modelId(): string | undefined;
  /** Settles when that model can answer, and loads it first where it must. Rejects with a `Fault`, with `cancelled` when `signal` aborts. */
  ready(modelId: string, signal: AbortSignal): Promise<void>;
  /** How many answers that model gives at the same time; 1 while it is not loaded. */
  slots(modelId: string): number;
  /**
   * Answers in a chat with what the model read of it before, as many at a time as it has slots. Settles after the `end` event. Rejects
   * with a `Fault`: `cancelled` when `signal` aborts before the first word, `engine.crashed` when the process is gone, ...
   */
  generate(of: { chatId: string; modelId: string }, request: GenerateRequest, on: (event: GenerateEvent) => void, signal: AbortSignal): Promise<void>;
  /** Ends an answer; its `generate` still gives the `end` event. */
  stop(turnId: string): Promise<void>;
  /** What fills the context with this request in that chat. Rejects with `engine.notLoaded`. */
  ledger(chatId: string, request: GenerateRequest): Promise<Ledger>;
}

export interface Asking {
  /** Refuses a question without content, and pictures that are not there or that no model can be shown. */
  check(parts: Part[]): Promise<void>;
  /** Stores a question that was checked and begins its answer. Throws `engine.notLoaded`, and `turn.running` where the chat is being answered. */
  ask(exchange: Omit<Exchange, 'modelId'>, thinking: boolean | undefined): { chatId: string; turnId: string };
  /** Begins another answer below a question. Throws as `ask` does. */
  again(chatId: string, question: string, thinking: boolean | undefined): { turnId: string };
  /** Settles when the answer has ended, so that the next question finds the chat free. */
  stop(turnId: string): Promise<void>;
  /** What the next question would be asked after. Throws `turn.running`, `engine.notLoaded`. */
  ledger(chatId: string): Promise<Ledger>;
  close(): void;
}

export interface AskingParts {
  store: ChatStore;
  turns: Pick<Turns, 'begin' | 'ended'>;
  blobs: Pick<Blobs, 'path' | 'find' | 'sent'>;
  engine: AnswerEngine;
  settings: Pick<SettingsStore, 'get'>;
  /** How the makers of a model recommend to draw its words. */
  recommended?: ((modelId: string) => Sampling | undefined) | undefined;
  log: Pick<Log, 'error'>;
  /** Hears of a chat whose answer has begun. */
  onBegin(chatId: string): void;
}

export function createAsking({ store, turns, blobs, engine, settings, recommended, log, onBegin }: AskingParts): Asking {
  const line = createLine(engine.slots);
  /** Ends answers that have no word yet. */
  const begun = new Map<string, AbortController>();

  /** The model that answers, when nothing speaks against an answer in this chat now. To be called right before storing. */
  const ready = (chatId: string | undefined): string => {
    const modelId = engine.modelId();
    if (modelId === undefined) throw new Fault('engine.notLoaded', 'No model is loaded');
    const turnId = chatId === undefined ? undefined : store.running(chatId);
    if (turnId !== undefined) throw new Fault('turn.running', 'This chat is being answered', { turnId });
    return modelId;
  };

  const check = async (parts: Part[]): Promise<void> => {
    if (parts.every((part) => part.type === 'text' && part.text.trim() === '')) throw new Fault('rpc.invalidInput', 'The question is empty');
    for (const part of parts) {
      if (part.type !== 'image') continue;
      await blobs.find(part.original);
      const { type } = await blobs.find(part.sent);
      if (type !== 'image/png' && type !== 'image/jpeg') throw new Fault('blob.notImage', 'A model is shown PNG or JPEG only', { name: part.name });
    }
  };

  /** How an answer of this model in this chat is given, by what holds now. */
  const chosen = (chatId: string, modelId: string | undefined, thinking: boolean | undefined): WholeAnswerSettings => {
    const places = { request: { thinking }, chat: store.settings(chatId), settings: settings.get(), modelId };
    return chooseAnswer({ ...places, recommended: modelId === undefined ? undefined : recommended?.(modelId) }).settings;
  };

  const begin = (answer: Turn, question: string, thinking: boolean | undefined): void => {
    const { systemPrompt, ...how } = chosen(answer.chatId, answer.modelId, thinking);
    const { id, chatId, modelId = '' } = answer;
    const abort = new AbortController();
    const generate = async (on: (event: GenerateEvent) => void): Promise<void> => {
      begun.set(id, abort);
      try {
        await engine.ready(modelId, abort.signal);
        line.advance(modelId);
        const messages = toMessages(systemPrompt, store.path(question), blobs.path);
        const request: GenerateRequest = { turnId: id, messages, ...how };
        await engine.generate({ chatId, modelId }, request, on, abort.signal);
      } finally {
        begun.delete(id);
      }
    };
    turns.begin(id, (on) => line.run(id, modelId, () => generate(on)));
    onBegin(answer.chatId);
  };

  const ask: Asking['ask'] = (exchange, thinking) => {
    const modelId = ready(exchange.chatId);
    const { question, answer } = store.ask({ ...exchange, modelId });
    blobs.sent(exchange.parts.flatMap((part) => (part.type === 'image' ? [part.original, part.sent] : [])));
    begin(answer, question, thinking);
    return { chatId: answer.chatId, turnId: answer.id };
  };

  const stop = async (turnId: string): Promise<void> => {
    try {
      begun.get(turnId)?.abort();
      if (!line.leave(turnId)) await engine.stop(turnId);
    } catch (error) {
      // The engine is gone, and `generate` tells how.
      log.error('An answer could not be stopped', { turnId, error });
    }
    await turns.ended(turnId);
  };

  const ledger = async (chatId: string): Promise<Ledger> => {
    if (store.running(chatId) !== undefined) throw new Fault('turn.running', 'This chat is being answered');
    const { systemPrompt, ...how } = chosen(chatId, engine.modelId(), undefined);
    const head = store.head(chatId);
    const messages = toMessages(systemPrompt, head === null ? [] : store.path(head), blobs.path);
    return engine.ledger(chatId, { turnId: '', messages, ...how });
  };

  return {
    check,
    ask,
    again(chatId, question, thinking) {
      const answer = store.answer(question, ready(chatId));
      begin(answer, question, thinking);
      return { turnId: answer.id };
    },
    stop,
    ledger,
    close() {
      for (const abort of begun.values()) abort.abort();
      line.close();
    },
  };
}
