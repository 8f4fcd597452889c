/** Rows of the database as the contract's objects, parsed on the way out. */
import * as z from 'zod/mini';
import { type AnswerSettings, answerSettings } from '../../shared/schemas/answer.ts';
import { type ChatSummary, type Turn, turn } from '../../shared/schemas/chat.ts';
import type { Node } from './tree.ts';

export const chatColumns = `chats.seq, chats.id, chats.title, chats.renamed, chats.head, chats.created_at, chats.updated_at, chats.settings,
  EXISTS (SELECT 1 FROM turns WHERE turns.chat_id = chats.id AND turns.status = 'running') AS running`;

const chatRow = z.object({
  seq: z.int(),
  id: z.string(),
  title: z.string(),
  renamed: z.int(),
  head: z.nullable(z.string()),
  created_at: z.string(),
  updated_at: z.string(),
  settings: z.nullable(z.string()),
  running: z.int(),
});
export type ChatRow = z.infer<typeof chatRow>;

const nodeRow = z.object({ id: z.string(), parent: z.nullable(z.string()), deleted: z.int() });

const turnRow = z.object({ seq: z.int(), chat_id: z.string(), parent_id: z.nullable(z.string()), deleted_at: z.nullable(z.string()) });
export type TurnPlace = z.infer<typeof turnRow>;

/** A row of `chats` with `chatColumns`. */
export const toChatRow = (row: unknown): ChatRow => chatRow.parse(row);

/** A row of `turns` with `id`, `parent` and `deleted`. */
export function toNode(row: unknown): Node {
  const { id, parent, deleted } = nodeRow.parse(row);
  return { id, parent, deleted: deleted === 1 };
}

/** Where a row of `turns` stands. */
export const toPlace = (row: unknown): TurnPlace => turnRow.parse(row);

/** What a page sees of a chat in its list. */
export function toSummary(row: ChatRow): ChatSummary {
  return { id: row.id, title: row.title, createdAt: row.created_at, updatedAt: row.updated_at, running: row.running === 1 };
}

/** What is said for a chat alone; nothing where it is not what it should be: the chat is worth more. */
export function toSettings({ settings }: Pick<ChatRow, 'settings'>): AnswerSettings {
  try {
    return answerSettings.parse(JSON.parse(settings ?? '{}'));
  } catch {
    return {};
  }
}

const json = (text: unknown): unknown => JSON.parse(z.string().parse(text));

/** A row of `turns` as a turn with its alternatives. */
export function toTurn(row: Record<string, unknown>, siblings: string[]): Turn {
  return turn.parse({
    id: row.id,
    chatId: row.chat_id,
    role: row.role,
    parts: json(row.parts),
    thinking: row.thinking,
    text: row.text,
    status: row.status,
    ...(row.stats !== null && { stats: json(row.stats) }),
    ...(row.dropped !== null && { dropped: json(row.dropped) }),
    ...(row.error !== null && { error: json(row.error) }),
    ...(row.model_id !== null && { modelId: row.model_id }),
    siblings,
    createdAt: row.created_at,
  });
}
