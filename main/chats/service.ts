/** The rules of a conversation: what may be asked, answered, stopped, changed and undone, and who hears of it. */
import type { DatabaseSync } from 'node:sqlite';
import { chooseAnswer } from '../../shared/answerChoice.ts';
import type { GenerateEvent, GenerateRequest, Ledger } from '../../shared/contract/control.ts';
import type { Core } from '../../shared/contract/core.ts';
import { Fault } from '../../shared/result.ts';
import type { Handlers } from '../../shared/rpc/define.ts';
import type { WholeAnswerSettings } from '../../shared/schemas/answer.ts';
import type { Chat, Part, Turn } from '../../shared/schemas/chat.ts';
import type { Sampling } from '../../shared/schemas/sampling.ts';
import type { Blobs } from '../blobs/store.ts';
import type { Log } from '../log.ts';
import type { SettingsStore } from '../settings/store.ts';
import { createWatched } from '../watched.ts';
import { createLine } from './line.ts';
import { toMessages } from './messages.ts';
import { createChatStore, type Exchange } from './store.ts';
import { createTurns } from './turns.ts';

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

type ChatHandlers = Pick<Handlers<Core>, Extract<keyof Core, `chats.${string}` | `chat.${string}` | `turn.${string}`>>;

export interface Chats {
  handlers: ChatHandlers;
  /** Stores what is running as interrupted; before the database closes. */
  close(): void;
}

export interface ChatsOptions {
  db: DatabaseSync;
  blobs: Pick<Blobs, 'path' | 'find' | 'sent'>;
  engine: AnswerEngine;
  settings: Pick<SettingsStore, 'get'>;
  /** How the makers of a model recommend to draw its words. */
  recommended?: (modelId: string) => Sampling | undefined;
  log: Pick<Log, 'info' | 'error'>;
  /** Milliseconds, see `createTurns`. */
  saveEveryMs?: number;
}

export function createChats({ db, blobs, engine, settings, recommended, log, saveEveryMs }: ChatsOptions): Chats {
  const store = createChatStore(db);
  const recovered = store.recover();
  if (recovered > 0) log.info('Answers were running when the app ended; they keep the text they had', { answers: recovered });

  /** Counts changes, in all and by chat. */
  const changes = createWatched(0);
  const changed = new Map<string, number>();
  const touch = (chatId: string): void => {
    const count = changes.get() + 1;
    changed.set(chatId, count);
    changes.set(count);
  };

  const turns = createTurns({ store, log, onChange: (turn) => touch(turn.chatId), ...(saveEveryMs !== undefined && { saveEveryMs }) });

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

  /** Refuses a question without content, and pictures that are not there or that no model can be shown. */
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
    touch(answer.chatId);
  };

  const ask = (exchange: Omit<Exchange, 'modelId'>, thinking: boolean | undefined): { chatId: string; turnId: string } => {
    const modelId = ready(exchange.chatId);
    const { question, answer } = store.ask({ ...exchange, modelId });
    blobs.sent(exchange.parts.flatMap((part) => (part.type === 'image' ? [part.original, part.sent] : [])));
    begin(answer, question, thinking);
    return { chatId: answer.chatId, turnId: answer.id };
  };

  /** Settles when the answer has ended, so that the next question finds the chat free. */
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

  /** What the next question would be asked after. */
  const ledger = async (chatId: string): Promise<Ledger> => {
    if (store.running(chatId) !== undefined) throw new Fault('turn.running', 'This chat is being answered');
    const { systemPrompt, ...how } = chosen(chatId, engine.modelId(), undefined);
    const head = store.head(chatId);
    const messages = toMessages(systemPrompt, head === null ? [] : store.path(head), blobs.path);
    return engine.ledger(chatId, { turnId: '', messages, ...how });
  };

  const fresh = (chat: Chat): Chat => ({ ...chat, turns: chat.turns.map(turns.fresh) });

  const handlers: ChatHandlers = {
    async *'chats.watch'(_, { signal }) {
      for await (const _ of changes.watch(signal)) yield store.list();
    },
    'chats.search': ({ query }) => store.search(query),
    'chats.rename'({ id, title }) {
      if (title.trim() === '') throw new Fault('rpc.invalidInput', 'A title cannot be empty');
      store.rename(id, title.trim());
      touch(id);
    },
    'chats.delete'({ id }) {
      store.deleteChat(id);
      const running = store.running(id);
      if (running !== undefined) void stop(running);
      touch(id);
    },
    'chats.restore'({ id }) {
      store.restoreChat(id);
      touch(id);
    },

    async *'chat.watch'({ id }, { signal }) {
      let seen = -1;
      for await (const _ of changes.watch(signal)) {
        const count = changed.get(id) ?? 0;
        if (count === seen) continue;
        seen = count;
        yield fresh(store.chat(id));
      }
    },
    async 'chat.send'({ chatId, parts, thinking, settings: own }) {
      await check(parts);
      return ask({ chatId, parent: chatId === undefined ? null : store.head(chatId), parts, settings: own }, thinking);
    },
    async 'chat.edit'({ turnId, parts, thinking }) {
      await check(parts);
      const { chatId, role } = store.turn(turnId);
      if (role !== 'user') throw new Fault('turn.notFound', 'Only a question can be changed');
      return { turnId: ask({ chatId, parent: store.parent(turnId), parts }, thinking).turnId };
    },
    'chat.retry'({ turnId, thinking }) {
      const { chatId, role } = store.turn(turnId);
      const question = role === 'user' ? turnId : store.parent(turnId);
      if (question === null) throw new Fault('turn.notFound', 'This answer has no question');
      const answer = store.answer(question, ready(chatId));
      begin(answer, question, thinking);
      return { turnId: answer.id };
    },
    'chat.settings'({ chatId, ...change }) {
      store.changeSettings(chatId, change);
      touch(chatId);
    },
    'chat.choose': ({ turnId }) => touch(store.choose(turnId)),
    async 'chat.deleteTurn'({ turnId }) {
      const { chatId, running } = store.deleteTurn(turnId);
      touch(chatId);
      if (running !== undefined) await stop(running);
    },
    'chat.restoreTurn': ({ turnId }) => touch(store.restoreTurn(turnId)),
    async 'chat.stop'({ turnId }) {
      if (store.turn(turnId).status === 'running') await stop(turnId);
    },

    'chat.ledger': ({ chatId }) => ledger(chatId),

    'turn.watch': ({ turnId, from }, { signal }) => turns.watch(turnId, from, signal),
  };
  return {
    handlers,
    close() {
      turns.close();
      for (const abort of begun.values()) abort.abort();
      line.close();
    },
  };
}
