/** Chats, turns and their parts. A chat is a tree: a retry or an edit is a sibling, so nothing is overwritten. */
import * as z from 'zod/mini';
import { appError } from '../result.ts';
import { answerSettings } from './answer.ts';

const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));

export const textPart = z.object({ type: z.literal('text'), text: z.string() });
export const imagePart = z.object({
  type: z.literal('image'),
  /** Blob of the file as the person gave it. */
  original: sha256,
  /** Blob of the opaque PNG or JPEG that the model sees. */
  sent: sha256,
  name: z.string(),
  /** Pixels of the original, upright. */
  width: z.int(),
  height: z.int(),
  sentWidth: z.int(),
  sentHeight: z.int(),
});
export const part = z.discriminatedUnion('type', [textPart, imagePart]);
export type ImagePart = z.infer<typeof imagePart>;
export type Part = z.infer<typeof part>;

export const stopReason = z.enum(['end', 'stopped', 'length', 'context']);
export type StopReason = z.infer<typeof stopReason>;

export const turnStats = z.object({
  stopReason,
  promptTokens: z.int(),
  /** Of the prompt, not processed anew. */
  cachedTokens: z.int(),
  /** Generated, thinking included. */
  tokens: z.int(),
  /** Milliseconds from the request to the first token. */
  firstTokenMs: z.number(),
  tokensPerSecond: z.number(),
  promptTokensPerSecond: z.number(),
  /** Milliseconds spent thinking. */
  thinkingMs: z.optional(z.number()),
  /** Tokens guessed ahead, and how many of them were right. */
  draft: z.optional(z.object({ guessed: z.int(), accepted: z.int() })),
});
export type TurnStats = z.infer<typeof turnStats>;

/** What was left out of a conversation that is longer than the context. */
export const droppedPart = z.object({ messages: z.int(), tokens: z.int() });
export type DroppedPart = z.infer<typeof droppedPart>;

export const turnStatus = z.enum(['running', 'done', 'stopped', 'interrupted', 'failed']);
export type TurnStatus = z.infer<typeof turnStatus>;

export const turn = z.object({
  id: z.string(),
  chatId: z.string(),
  role: z.enum(['user', 'assistant']),
  /** What the person sent; empty for an answer. */
  parts: z.array(part),
  /** Of an answer. */
  thinking: z.string(),
  text: z.string(),
  status: turnStatus,
  stats: z.optional(turnStats),
  /** Of an answer that the model gave without having read everything before it. */
  dropped: z.optional(droppedPart),
  error: z.optional(appError),
  /** Library id of the model that answered. */
  modelId: z.optional(z.string()),
  /** Ids of the alternatives at this place in time order, itself included. */
  siblings: z.array(z.string()),
  /** ISO 8601. */
  createdAt: z.string(),
});
export type Turn = z.infer<typeof turn>;

export const chatSummary = z.object({ id: z.string(), title: z.string(), createdAt: z.string(), updatedAt: z.string(), running: z.boolean() });
export type ChatSummary = z.infer<typeof chatSummary>;

/** A chat with the turns on its chosen path, oldest first. */
export const chat = z.object({
  ...chatSummary.shape,
  /** The answer that is running, whether it is on the chosen path or beside it. */
  answering: z.optional(z.string()),
  /** What is said for this chat alone. */
  settings: answerSettings,
  turns: z.array(turn),
});
export type Chat = z.infer<typeof chat>;

/** How much of an answer a watcher already has, in UTF-16 units. */
export const turnPosition = z.object({ thinking: z.int().check(z.minimum(0)), text: z.int().check(z.minimum(0)) });
export type TurnPosition = z.infer<typeof turnPosition>;

/** One running answer. `at` is where the text goes, so a watcher that missed nothing appends and a late one joins. */
export const turnEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('prompt'), processed: z.int(), total: z.int() }),
  z.object({ type: z.literal('thinking'), at: z.int(), text: z.string() }),
  z.object({ type: z.literal('text'), at: z.int(), text: z.string() }),
  z.object({ type: z.literal('end'), turn }),
]);
export type TurnEvent = z.infer<typeof turnEvent>;
