/** Chats as a page has them: what may be asked, changed and undone, and who hears of it. */
import type { DatabaseSync } from 'node:sqlite';
import type { Core } from '../../shared/contract/core.ts';
import { Fault } from '../../shared/result.ts';
import type { Handlers } from '../../shared/rpc/define.ts';
import type { Chat } from '../../shared/schemas/chat.ts';
import type { Log } from '../log.ts';
import { createWatched } from '../watched.ts';
import { type AskingParts, createAsking } from './asking.ts';
import { createChatStore } from './store.ts';
import { createTurns } from './turns.ts';

type ChatHandlers = Pick<Handlers<Core>, Extract<keyof Core, `chats.${string}` | `chat.${string}` | `turn.${string}`>>;

export interface Chats {
  handlers: ChatHandlers;
  /** Stores what is running as interrupted; before the database closes. */
  close(): void;
}

export interface ChatsOptions extends Pick<AskingParts, 'blobs' | 'engine' | 'settings' | 'recommended'> {
  db: DatabaseSync;
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

  const asking = createAsking({ store, turns, blobs, engine, settings, recommended, log, onBegin: touch });
  const { check, ask, again, stop } = asking;

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
      return again(chatId, question, thinking);
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

    'chat.ledger': ({ chatId }) => asking.ledger(chatId),

    'turn.watch': ({ turnId, from }, { signal }) => turns.watch(turnId, from, signal),
  };
  return {
    handlers,
    close() {
      turns.close();
      asking.close();
    },
  };
}
