/** The chat on screen: its turns as core keeps them, and the running answers as they stream. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { changed } from '../../shared/answerChoice.ts';
import type { Ledger } from '../../shared/contract/control.ts';
import type { Core } from '../../shared/contract/core.ts';
import type { AppError, Result } from '../../shared/result.ts';
import type { Client } from '../../shared/rpc/connect.ts';
import type { AnswerChange, AnswerSettings } from '../../shared/schemas/answer.ts';
import type { Chat, Part, Turn, TurnEvent } from '../../shared/schemas/chat.ts';
import { follow } from '../rpc/follow.ts';

/** What has streamed in of a running answer. */
export interface Answer {
  thinking: string;
  text: string;
  /** Tokens of the question read so far, while it is being read. */
  prompt: { processed: number; total: number } | undefined;
}

export interface TurnState {
  chatId: string | undefined;
  /** The chat of `chatId`; undefined until core has sent it. */
  chat: Chat | undefined;
  /** Why the chat cannot be shown, e.g. `chat.notFound`. */
  error: AppError | undefined;
  /** Running answers by turn id; a turn that has ended is whole in `chat`. */
  answers: Readonly<Record<string, Answer>>;
  /** Shows a chat, or none for a new one. */
  open(chatId: string | undefined): void;
  /** Sends to the open chat; without one to a new chat with `settings` of its own, which the caller then opens. */
  send(parts: Part[], settings?: AnswerSettings): Promise<Result<{ chatId: string; turnId: string }>>;
  retry(turnId: string): Promise<Result<{ turnId: string }>>;
  edit(turnId: string, parts: Part[]): Promise<Result<{ turnId: string }>>;
  /** Changes what is said for a chat alone; shown at once, and taken back where core refuses it. */
  changeSettings(chatId: string, change: AnswerChange): Promise<Result<void>>;
  choose(turnId: string): Promise<Result<void>>;
  remove(turnId: string): Promise<Result<void>>;
  restore(turnId: string): Promise<Result<void>>;
  stop(turnId: string): Promise<Result<void>>;
  /** What fills the context when this chat goes on. */
  ledger(chatId: string): Promise<Result<Ledger>>;
}

/** What is on screen of an answer after `event`; text goes where the event says, so nothing is doubled or lost. */
export function advance(answer: Answer, event: Exclude<TurnEvent, { type: 'end' }>): Answer {
  switch (event.type) {
    case 'prompt':
      return { ...answer, prompt: { processed: event.processed, total: event.total } };
    case 'thinking':
      return { ...answer, prompt: undefined, thinking: answer.thinking.slice(0, event.at) + event.text };
    case 'text':
      return { ...answer, prompt: undefined, text: answer.text.slice(0, event.at) + event.text };
  }
}

/** A view on one chat at a time of core behind `client`. */
export function createTurnStore(client: Client<Core>): StoreApi<TurnState> {
  let opened: AbortController | undefined;
  let watched = new Set<string>();
  /** Answers that ended: a snapshot made before the end must not set them running again. */
  let ended = new Map<string, Turn>();

  const store = createStore<TurnState>((set, get) => ({
    chatId: undefined,
    chat: undefined,
    error: undefined,
    answers: {},
    open(chatId) {
      if (chatId === get().chatId && opened && !opened.signal.aborted) return;
      opened?.abort();
      watched = new Set();
      ended = new Map();
      set({ chatId, chat: undefined, error: undefined, answers: {} });
      if (chatId === undefined) return;
      const opening = new AbortController();
      opened = opening;
      void follow(
        client,
        'chat.watch',
        () => ({ id: chatId }),
        (chat) => opening.signal.aborted || show(chat, opening.signal),
        opening.signal,
      ).then((end) => {
        if (!end.ok && !opening.signal.aborted) set({ error: end.error });
      });
    },
    send: (parts, settings) => {
      const { chatId } = get();
      return client.call('chat.send', chatId === undefined ? { parts, ...(settings && { settings }) } : { chatId, parts });
    },
    retry: (turnId) => client.call('chat.retry', { turnId }),
    edit: (turnId, parts) => client.call('chat.edit', { turnId, parts }),
    async changeSettings(chatId, change) {
      const before = get().chat;
      const put = (settings: AnswerSettings): void => {
        const { chat } = get();
        if (chat?.id === chatId) set({ chat: { ...chat, settings } });
      };
      if (before?.id === chatId) put(changed(before.settings, change));
      const answer = await client.call('chat.settings', { chatId, ...change });
      if (!answer.ok && before?.id === chatId) put(before.settings);
      return answer;
    },
    choose: (turnId) => client.call('chat.choose', { turnId }),
    remove: (turnId) => client.call('chat.deleteTurn', { turnId }),
    restore: (turnId) => client.call('chat.restoreTurn', { turnId }),
    stop: (turnId) => client.call('chat.stop', { turnId }),
    ledger: (chatId) => client.call('chat.ledger', { chatId }),
  }));

  const show = (snapshot: Chat, signal: AbortSignal): void => {
    const { answers } = store.getState();
    // An answer that is not on the chosen path goes on streaming, so that a person may come back to it.
    const next = { ...answers };
    const turns = snapshot.turns.map((turn) => {
      if (turn.status !== 'running') {
        delete next[turn.id];
        return turn;
      }
      const end = ended.get(turn.id);
      if (end) return { ...end, siblings: turn.siblings };
      next[turn.id] ??= { thinking: turn.thinking, text: turn.text, prompt: undefined };
      return turn;
    });
    store.setState({ chat: { ...snapshot, turns }, error: undefined, answers: next });
    for (const turn of turns) if (turn.status === 'running') void join(turn.id, signal);
  };

  const join = async (turnId: string, signal: AbortSignal): Promise<void> => {
    if (watched.has(turnId)) return;
    const mine = watched;
    mine.add(turnId);
    const position = () => {
      const answer = store.getState().answers[turnId];
      return { turnId, from: { thinking: answer?.thinking.length ?? 0, text: answer?.text.length ?? 0 } };
    };
    await follow(client, 'turn.watch', position, (event) => signal.aborted || hear(turnId, event), signal);
    // Where it ended without its last turn, a later snapshot joins again.
    mine.delete(turnId);
  };

  const hear = (turnId: string, event: TurnEvent): void => {
    const { answers, chat } = store.getState();
    if (event.type !== 'end') {
      const answer = answers[turnId];
      if (answer) store.setState({ answers: { ...answers, [turnId]: advance(answer, event) } });
      return;
    }
    ended.set(turnId, event.turn);
    const { [turnId]: _, ...others } = answers;
    const turns = chat?.turns.map((turn) => (turn.id === turnId ? { ...event.turn, siblings: turn.siblings } : turn));
    store.setState({ answers: others, ...(chat && turns ? { chat: { ...chat, running: turns.some((turn) => turn.status === 'running'), turns } } : {}) });
  };

  return store;
}
