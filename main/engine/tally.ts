/** What fills a context: the tokens of a conversation by what they are for. */
import type { GenerateRequest, Ledger, Message } from '../../shared/contract/control.ts';
import type { Used } from './backend.ts';
import { answerRoom, type Fitted, fitInto } from './overflow.ts';

/** How an engine counts. */
export interface Counting {
  /** Tokens of a text by itself. */
  count(text: string): number | Promise<number>;
  /** Tokens of the whole prompt of these messages, as it is asked with. */
  total(messages: Message[]): number | Promise<number>;
  context: number;
}

interface Tally {
  total: number;
  /** Tokens of each message with its share of what the template writes around them. */
  messages: number[];
  images: number;
  thinking: number;
  tools: number;
}

/** Tokens that a template writes around a message, where pictures hide the true number. */
const around = 6;

async function tally({ messages, tools }: Pick<GenerateRequest, 'messages' | 'tools'>, { count, total }: Counting): Promise<Tally> {
  const all = await total(messages);
  const texts = await Promise.all(messages.map((message) => count(textOf(message))));
  const thoughts = await Promise.all(messages.map(({ thinking }) => (thinking ? count(thinking) : 0)));
  const toolTokens = tools?.length ? await count(JSON.stringify(tools)) : 0;
  const images = messages.map(({ content }) => content.filter(({ type }) => type === 'image').length);
  const imageCount = sum(images);
  const rest = Math.max(0, all - sum(texts) - sum(thoughts) - toolTokens);
  const perMessage = imageCount > 0 ? Math.min(around, rest / messages.length) : rest / messages.length;
  const perImage = imageCount > 0 ? (rest - perMessage * messages.length) / imageCount : 0;
  return {
    total: all,
    messages: messages.map((_, index) => Math.round(texts[index]! + thoughts[index]! + perMessage + perImage * images[index]!)),
    images: Math.round(perImage * imageCount),
    thinking: sum(thoughts),
    tools: toolTokens,
  };
}

/** The account of a request's prompt; the engine's own numbers of it, where there are `used` ones, are the better ones. */
export async function ledger(request: GenerateRequest, used: Used | undefined, counting: Counting): Promise<Ledger> {
  const { promptTokens, cachedTokens: cached = 0 } = used ?? {};
  const { total, messages, images, thinking, tools } = await tally(request, promptTokens ? { ...counting, total: () => promptTokens } : counting);
  let end = tools;
  const rows = request.messages.map(({ role }, index) => {
    const tokens = messages[index]!;
    end += tokens;
    return { role, tokens, cached: end <= cached };
  });
  const system = sum(rows.filter(({ role }) => role === 'system').map(({ tokens }) => tokens));
  return { context: counting.context, total, cached, system, images, thinking, tools, messages: rows };
}

/** The conversation as it fits into the context with room for an answer, by the policy of the request; undefined: it does not. */
export async function fitted(request: GenerateRequest, counting: Counting): Promise<Fitted | undefined> {
  const { messages, overflow = 'stop', maxTokens } = request;
  if (overflow === 'stop') return { messages, dropped: { messages: 0, tokens: 0 } };
  const room = counting.context - answerRoom(counting.context, maxTokens);
  if (atMost(request) <= room) return { messages, dropped: { messages: 0, tokens: 0 } };
  const counts = await tally(request, counting);
  return fitInto(messages, counts.messages, room - counts.tools, overflow);
}

/** No token is shorter than a byte: what is surely enough for a prompt without pictures. */
function atMost({ messages, tools }: GenerateRequest): number {
  if (messages.some(({ content }) => content.some(({ type }) => type === 'image'))) return Number.POSITIVE_INFINITY;
  const bytes = messages.map((message) => Buffer.byteLength(textOf(message) + (message.thinking ?? '')) + 64);
  return sum(bytes) + (tools?.length ? 4 * JSON.stringify(tools).length : 0);
}

const textOf = ({ content, toolCalls = [] }: Message): string =>
  content.map((part) => (part.type === 'text' ? part.text : '')).join('') + toolCalls.map((call) => call.name + call.arguments).join('');

const sum = (values: number[]): number => values.reduce((all, value) => all + value, 0);
