/** Chats in SQLite: each a tree of turns and the place where one stands in it. */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { changed } from '../../shared/answerChoice.ts';
import { type AppError, Fault } from '../../shared/result.ts';
import type { AnswerChange, AnswerSettings } from '../../shared/schemas/answer.ts';
import type { Chat, ChatSummary, DroppedPart, Part, Turn, TurnStats, TurnStatus } from '../../shared/schemas/chat.ts';
import { transaction } from '../db/transaction.ts';
import { type ChatRow, chatColumns, type TurnPlace, toChatRow, toNode, toPlace, toSettings, toSummary, toTurn } from './rows.ts';
import { createSearch } from './search.ts';
import { textOf, titleOf } from './title.ts';
import { growTree, type Tree } from './tree.ts';

/** What an answer came to. */
export interface Outcome {
  thinking: string;
  text: string;
  status: Exclude<TurnStatus, 'running'>;
  stats?: TurnStats | undefined;
  error?: AppError | undefined;
}

/** A question and the answer that begins below it. */
export interface Exchange {
  /** The chat to go on with; absent: a new one. */
  chatId: string | undefined;
  /** The turn that the question hangs below; null: a first question. */
  parent: string | null;
  parts: Part[];
  /** Of the answer. */
  modelId: string;
  /** Said for a new chat alone. */
  settings?: AnswerSettings | undefined;
}

/** Unknown and deleted chats throw `chat.notFound`, such turns `turn.notFound`, unless said otherwise. */
export interface ChatStore {
  /** The chats that are not deleted, newest first. */
  list(): ChatSummary[];
  /** Those of `list` that match; all of them for an empty query. */
  search(query: string): ChatSummary[];
  /** A chat with the turns on its chosen path. */
  chat(id: string): Chat;
  /** What is said for a chat alone. */
  settings(chatId: string): AnswerSettings;
  changeSettings(chatId: string, change: AnswerChange): void;
  /** Where one stands in a chat: the last turn of its chosen path, null in an empty one. */
  head(chatId: string): string | null;
  turn(id: string): Turn;
  /** What a turn hangs below; null for a first question. */
  parent(id: string): string | null;
  /** The turns from the first question to this one. */
  path(id: string): Turn[];
  /** The answer that is running in a chat. */
  running(chatId: string): string | undefined;
  /** Stores a question with its answer, running and empty, and stands there. */
  ask(exchange: Exchange): { chatId: string; question: string; answer: Turn };
  /** Stores another answer, running and empty, below a question, and stands there. */
  answer(question: string, modelId: string): Turn;
  /** Stores what a running answer has so far. */
  progress(id: string, thinking: string, text: string): void;
  /** Stores what an answer is given without. */
  drop(id: string, dropped: DroppedPart): Turn;
  /** Stores the end of an answer, also of a deleted one. */
  end(id: string, outcome: Outcome): Turn;
  /** Ends the answers that were running when the app was killed as `interrupted`, with the text they had; gives how many. */
  recover(): number;
  /** Stands at the latest end of the conversation through this turn; gives the chat. */
  choose(id: string): string;
  /** Deletes a turn with what hangs below it; gives the chat and the answer that runs there, if any. */
  deleteTurn(id: string): { chatId: string; running: string | undefined };
  /** Undoes `deleteTurn` and stands there again; gives the chat. */
  restoreTurn(id: string): string;
  rename(id: string, title: string): void;
  deleteChat(id: string): void;
  /** Undoes `deleteChat`. */
  restoreChat(id: string): void;
}

/** The store inside `db`. `now` gives ISO 8601. */
export function createChatStore(db: DatabaseSync, now: () => string = () => new Date().toISOString()): ChatStore {
  const index = createSearch(db);
  const sql = {
    list: db.prepare(`SELECT ${chatColumns} FROM chats WHERE deleted_at IS NULL ORDER BY updated_at DESC, seq DESC`),
    chat: db.prepare(`SELECT ${chatColumns} FROM chats WHERE id = ? AND deleted_at IS NULL`),
    addChat: db.prepare('INSERT INTO chats (id, title, settings, created_at, updated_at) VALUES ($id, $title, $settings, $now, $now)'),
    settings: db.prepare('UPDATE chats SET settings = ? WHERE id = ?'),
    stand: db.prepare('UPDATE chats SET head = ? WHERE id = ?'),
    touch: db.prepare('UPDATE chats SET updated_at = ? WHERE id = ?'),
    title: db.prepare('UPDATE chats SET title = ?, renamed = ? WHERE id = ?'),
    markChat: db.prepare('UPDATE chats SET deleted_at = ? WHERE id = ?'),
    nodes: db.prepare('SELECT id, parent_id AS parent, deleted_at IS NOT NULL AS deleted FROM turns WHERE chat_id = ? ORDER BY seq'),
    turn: db.prepare('SELECT * FROM turns WHERE id = ?'),
    running: db.prepare("SELECT id FROM turns WHERE chat_id = ? AND status = 'running'"),
    addTurn: db.prepare(`INSERT INTO turns (id, chat_id, parent_id, role, parts, status, model_id, created_at)
      VALUES ($id, $chat, $parent, $role, $parts, $status, $model, $now)`),
    progress: db.prepare("UPDATE turns SET thinking = ?, text = ? WHERE id = ? AND status = 'running'"),
    drop: db.prepare('UPDATE turns SET dropped = ? WHERE id = ?'),
    end: db.prepare('UPDATE turns SET thinking = $thinking, text = $text, status = $status, stats = $stats, error = $error WHERE id = $id'),
    unfinished: db.prepare("SELECT id, thinking, text FROM turns WHERE status = 'running'"),
    markTurn: db.prepare('UPDATE turns SET deleted_at = ? WHERE id = ?'),
  };

  const chatRow = (id: string): ChatRow => {
    const row = sql.chat.get(id);
    if (!row) throw new Fault('chat.notFound', 'There is no such chat');
    return toChatRow(row);
  };
  const list = (): ChatSummary[] => sql.list.all().map((row) => toSummary(toChatRow(row)));
  const treeOf = (chatId: string): Tree => growTree(sql.nodes.all(chatId).map(toNode));
  const noTurn = (): Fault => new Fault('turn.notFound', 'There is no such turn');
  const rowOf = (id: string): Record<string, unknown> => {
    const row = sql.turn.get(id);
    if (!row) throw noTurn();
    return row;
  };
  /** A turn that can be seen: neither it nor what it hangs below nor its chat is deleted. */
  const find = (id: string): { row: Record<string, unknown>; place: TurnPlace; tree: Tree } => {
    const row = rowOf(id);
    const place = toPlace(row);
    if (!sql.chat.get(place.chat_id)) throw noTurn();
    const tree = treeOf(place.chat_id);
    if (!tree.has(id)) throw noTurn();
    return { row, place, tree };
  };
  const read = (ids: string[], tree: Tree): Turn[] => ids.map((id) => toTurn(rowOf(id), tree.siblings(id)));
  const runningIn = (chatId: string): string | undefined => sql.running.get(chatId)?.id as string | undefined;
  const nameChat = (chat: Pick<ChatRow, 'seq' | 'id'>, title: string, renamed: boolean): void => {
    sql.title.run(title, Number(renamed), chat.id);
    index.title(chat.seq, title);
  };

  /** Only what can be seen is in the index. */
  const indexTurn = (id: string): void => {
    const row = rowOf(id);
    const { role, parts, text } = toTurn(row, []);
    index.turn(toPlace(row).seq, role === 'user' ? textOf(parts) : text);
  };

  /** Adds a turn and stands on it. */
  const add = (turn: { chat: string; parent: string | null; role: Turn['role']; parts: Part[]; model: string | null }): string => {
    const id = randomUUID();
    const status = turn.role === 'user' ? 'done' : 'running';
    sql.addTurn.run({
      $id: id,
      $chat: turn.chat,
      $parent: turn.parent,
      $role: turn.role,
      $parts: JSON.stringify(turn.parts),
      $status: status,
      $model: turn.model,
      $now: now(),
    });
    if (turn.role === 'user') indexTurn(id);
    sql.stand.run(id, turn.chat);
    sql.touch.run(now(), turn.chat);
    return id;
  };
  const addAnswer = (chat: string, question: string, model: string): string => add({ chat, parent: question, role: 'assistant', parts: [], model });
  const turnOf = (id: string): Turn => {
    const { row, tree } = find(id);
    return toTurn(row, tree.siblings(id));
  };
  /** Also one that is deleted. */
  const anyTurn = (id: string): Turn => {
    const row = rowOf(id);
    return toTurn(row, treeOf(toPlace(row).chat_id).siblings(id));
  };
  const end = (id: string, { thinking, text, status, stats, error }: Outcome): Turn => {
    sql.end.run({
      $id: id,
      $thinking: thinking,
      $text: text,
      $status: status,
      $stats: stats ? JSON.stringify(stats) : null,
      $error: error ? JSON.stringify(error) : null,
    });
    const turn = anyTurn(id);
    if (treeOf(turn.chatId).has(id)) indexTurn(id);
    return turn;
  };

  return {
    list,
    search(query) {
      const all = list();
      if (query.trim() === '') return all;
      const found = index.find(query);
      return all.filter((chat) => found.has(chat.id));
    },
    chat(id) {
      const row = chatRow(id);
      const tree = treeOf(id);
      const answering = runningIn(id);
      return { ...toSummary(row), ...(answering !== undefined && { answering }), settings: toSettings(row), turns: read(tree.path(row.head), tree) };
    },
    settings: (chatId) => toSettings(chatRow(chatId)),
    changeSettings(chatId, change) {
      sql.settings.run(JSON.stringify(changed(toSettings(chatRow(chatId)), change)), chatId);
    },
    head: (chatId) => chatRow(chatId).head,
    turn: turnOf,
    parent: (id) => find(id).place.parent_id,
    path(id) {
      const { tree } = find(id);
      return read(tree.path(id), tree);
    },
    running: runningIn,
    ask: ({ chatId, parent, parts, modelId, settings = {} }) =>
      transaction(db, () => {
        const id = chatId ?? randomUUID();
        if (chatId === undefined) sql.addChat.run({ $id: id, $title: '', $settings: JSON.stringify(settings), $now: now() });
        const chat = chatRow(id);
        if (parent !== null && find(parent).place.chat_id !== id) throw noTurn();
        if (parent === null && !chat.renamed) nameChat(chat, titleOf(parts), false);
        const question = add({ chat: id, parent, role: 'user', parts, model: null });
        return { chatId: id, question, answer: turnOf(addAnswer(id, question, modelId)) };
      }),
    answer: (question, modelId) => transaction(db, () => turnOf(addAnswer(find(question).place.chat_id, question, modelId))),
    progress: (id, thinking, text) => void sql.progress.run(thinking, text, id),
    drop(id, dropped) {
      sql.drop.run(JSON.stringify(dropped), id);
      return anyTurn(id);
    },
    end: (id, outcome) => transaction(db, () => end(id, outcome)),
    recover: () =>
      transaction(db, () => {
        const rows = sql.unfinished.all();
        for (const { id, thinking, text } of rows) end(String(id), { thinking: String(thinking), text: String(text), status: 'interrupted' });
        return rows.length;
      }),
    choose(id) {
      const { place, tree } = find(id);
      sql.stand.run(tree.latest(id), place.chat_id);
      return place.chat_id;
    },
    deleteTurn: (id) =>
      transaction(db, () => {
        const { place, tree } = find(id);
        const chatId = place.chat_id;
        const gone = tree.below(id);
        const { head } = chatRow(chatId);
        sql.markTurn.run(now(), id);
        for (const turn of gone) index.forget(toPlace(rowOf(turn)).seq);
        if (head !== null && gone.has(head)) sql.stand.run(tree.without(id), chatId);
        const running = runningIn(chatId);
        return { chatId, running: running !== undefined && gone.has(running) ? running : undefined };
      }),
    restoreTurn: (id) =>
      transaction(db, () => {
        const { chat_id: chatId } = toPlace(rowOf(id));
        chatRow(chatId);
        sql.markTurn.run(null, id);
        const tree = treeOf(chatId);
        // Still out of sight while something above it is deleted.
        if (tree.has(id)) {
          for (const turn of tree.below(id)) indexTurn(turn);
          sql.stand.run(tree.latest(id), chatId);
        }
        return chatId;
      }),
    rename(id, title) {
      transaction(db, () => nameChat(chatRow(id), title, true));
    },
    deleteChat(id) {
      sql.markChat.run(now(), chatRow(id).id);
    },
    restoreChat(id) {
      const marked = sql.markChat.run(null, id);
      if (marked.changes === 0) throw new Fault('chat.notFound', 'There is no such chat');
    },
  };
}
