/** A core for tests: chats in memory behind the real RPC, with answers that a test streams by hand. */

import { changed } from '../../../shared/answerChoice.ts';
import { type Core, core } from '../../../shared/contract/core.ts';
import { Fault } from '../../../shared/result.ts';
import type { Client } from '../../../shared/rpc/connect.ts';
import type { Handlers } from '../../../shared/rpc/define.ts';
import { type Port, portPair } from '../../../shared/rpc/port.ts';
import { serve } from '../../../shared/rpc/serve.ts';
import type { Chat, ChatSummary, Part, Turn, TurnEvent } from '../../../shared/schemas/chat.ts';
import { keepConnected } from '../../rpc/connection.ts';

const time = '2026-11-22T10:00:00.000Z';

/** A value and those who wait for the next one. */
function topic(): { changed(): void; next(signal: AbortSignal): Promise<void> } {
  const waiting: (() => void)[] = [];
  return {
    changed() {
      for (const wake of waiting.splice(0)) wake();
    },
    next: (signal) =>
      new Promise((resolve, reject) => {
        waiting.push(resolve);
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  };
}

export const userTurn = (id: string, parts: Part[], more: Partial<Turn> = {}): Turn => ({
  id,
  chatId: 'c1',
  role: 'user',
  parts,
  thinking: '',
  text: '',
  status: 'done',
  siblings: [id],
  createdAt: time,
  ...more,
});
export const answerTurn = (id: string, text: string, more: Partial<Turn> = {}): Turn => ({ ...userTurn(id, []), role: 'assistant', text, ...more });
export const chatOf = (turns: Turn[], more: Partial<Chat> = {}): Chat => ({
  id: 'c1',
  title: 'A chat',
  createdAt: time,
  updatedAt: time,
  running: turns.some((turn) => turn.status === 'running'),
  settings: {},
  turns,
  ...more,
});

/** What a test sees and does on core's side. */
export interface TestCore {
  client: Client<Core>;
  chats: Map<string, Chat>;
  /** Every call that arrived, by method. */
  calls: { method: string; input: unknown }[];
  /** Positions from which `turn.watch` was asked. */
  joins: { turnId: string; thinking: number; text: number }[];
  /** Sends the chat again to who watches it. */
  show(chat: Chat): void;
  /** Adds text to a running answer. */
  say(turnId: string, text: string, kind?: 'text' | 'thinking'): void;
  prompt(turnId: string, processed: number, total: number): void;
  end(turnId: string, more?: Partial<Turn>): void;
  /** The next answer of a call, in place of the usual one. */
  fail(method: string, fault: Fault): void;
  /** Cuts the connection; the client opens the next. */
  cut(): void;
}

export function testCore(start: Chat[] = [], more: Partial<Handlers<Core>> = {}): TestCore {
  const chats = new Map(start.map((chat) => [chat.id, chat]));
  const changes = topic();
  const calls: TestCore['calls'] = [];
  const joins: TestCore['joins'] = [];
  const failures = new Map<string, Fault>();
  const prompts = new Map<string, { processed: number; total: number }>();
  const deleted = new Map<string, Chat>();
  const findTurn = (id: string): Turn => {
    for (const chat of chats.values()) for (const turn of chat.turns) if (turn.id === id) return turn;
    throw new Fault('turn.notFound', 'There is no such answer');
  };
  const put = (turn: Turn): void => {
    const chat = chats.get(turn.chatId)!;
    chats.set(
      chat.id,
      chatOf(
        chat.turns.map((other) => (other.id === turn.id ? turn : other)),
        { id: chat.id, title: chat.title },
      ),
    );
  };
  const summaries = (): ChatSummary[] => [...chats.values()].map(({ turns: _, ...summary }) => summary);
  let made = 0;

  const handlers: Partial<Handlers<Core>> = {
    async *'chats.watch'(_, { signal }) {
      for (;;) {
        yield summaries();
        await changes.next(signal);
      }
    },
    'chats.search': ({ query }) => summaries().filter((chat) => chat.title.toLowerCase().includes(query.toLowerCase())),
    'chats.rename': ({ id, title }) => {
      chats.set(id, { ...chats.get(id)!, title });
      changes.changed();
    },
    'chats.delete': ({ id }) => {
      deleted.set(id, chats.get(id)!);
      chats.delete(id);
      changes.changed();
    },
    'chats.restore': ({ id }) => {
      chats.set(id, deleted.get(id)!);
      changes.changed();
    },
    async *'chat.watch'({ id }, { signal }) {
      let last: Chat | undefined;
      for (;;) {
        const chat = chats.get(id);
        if (!chat) throw new Fault('chat.notFound', 'There is no such chat');
        // As core does: again when a turn was added or ended, not for every token.
        const shape = (of: Chat | undefined) => JSON.stringify([of?.settings, of?.turns.map((turn) => [turn.id, turn.status, turn.siblings])]);
        if (!last || shape(last) !== shape(chat)) yield chat;
        last = chat;
        await changes.next(signal);
      }
    },
    'chat.send': ({ chatId = 'new', parts }) => {
      const question = userTurn(`q${++made}`, parts, { chatId });
      const answer = answerTurn(`a${made}`, '', { chatId, status: 'running' });
      chats.set(chatId, chatOf([...(chats.get(chatId)?.turns ?? []), question, answer], { id: chatId }));
      changes.changed();
      return { chatId, turnId: answer.id };
    },
    'chat.retry': ({ turnId }) => ({ turnId }),
    'chat.edit': ({ turnId }) => ({ turnId }),
    'chat.settings'({ chatId, ...change }) {
      const chat = chats.get(chatId)!;
      chats.set(chatId, { ...chat, settings: changed(chat.settings, change) });
      changes.changed();
    },
    'chat.choose': () => {},
    'chat.deleteTurn': () => {},
    'chat.restoreTurn': () => {},
    'chat.stop': ({ turnId }) => api.end(turnId, { status: 'stopped' }),
    async *'turn.watch'({ turnId, from }, { signal }) {
      joins.push({ turnId, ...from });
      let { thinking, text } = from;
      for (;;) {
        const turn = findTurn(turnId);
        const prompt = prompts.get(turnId);
        if (prompt && turn.text === '' && turn.thinking === '') yield { type: 'prompt', ...prompt };
        if (turn.thinking.length > thinking) yield { type: 'thinking', at: thinking, text: turn.thinking.slice(thinking) };
        if (turn.text.length > text) yield { type: 'text', at: text, text: turn.text.slice(text) };
        ({ thinking, text } = { thinking: turn.thinking.length, text: turn.text.length });
        if (turn.status !== 'running') {
          yield { type: 'end', turn } satisfies TurnEvent;
          return;
        }
        await changes.next(signal);
      }
    },
    'blobs.put': ({ bytes }) => ({ sha256: bytes.length.toString(16).padStart(64, '0') }),
    ...more,
  };
  for (const [method, handle] of Object.entries(handlers))
    if (core[method as keyof Core].kind === 'call')
      Object.assign(handlers, {
        [method]: (input: never, context: never) => {
          calls.push({ method, input });
          const fault = failures.get(method);
          failures.delete(method);
          if (fault) throw fault;
          return (handle as (input: never, context: never) => unknown)(input, context);
        },
      });

  let port: Port | undefined;
  const { client } = keepConnected(core, async () => {
    const [mine, theirs] = portPair();
    serve(core, handlers as Handlers<Core>, theirs);
    port = mine;
    return mine;
  });

  const api: TestCore = {
    client,
    chats,
    calls,
    joins,
    show(chat) {
      chats.set(chat.id, chat);
      changes.changed();
    },
    say(turnId, text, kind = 'text') {
      const turn = findTurn(turnId);
      put({ ...turn, [kind]: turn[kind] + text });
      changes.changed();
    },
    prompt(turnId, processed, total) {
      prompts.set(turnId, { processed, total });
      changes.changed();
    },
    end(turnId, more = {}) {
      put({ ...findTurn(turnId), status: 'done', ...more });
      changes.changed();
    },
    fail: (method, fault) => void failures.set(method, fault),
    cut: () => port?.close(),
  };
  return api;
}
