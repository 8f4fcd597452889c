/** What fills a context: the tokens of a conversation by what they are for. */
import type { GenerateRequest, Ledger, Message } from '../../shared/contract/control.ts';
import { answerRoom, type Fitted, fitInto } from './overflow.ts';

/** How an engine counts. */
export interface Counting {
  /** Tokens of a text by itself. */
  count(text: string): number | Promise<number>;
  /** Tokens of a picture. */
  picture(path: string): number | Promise<number>;
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

async function tally({ messages, tools }: Pick<GenerateRequest, 'messages' | 'tools'>, { count, picture, total }: Counting): Promise<Tally> {
  const all = await total(messages);
  const texts = await Promise.all(messages.map((message) => count(textOf(message))));
  const thoughts = await Promise.all(messages.map(({ thinking }) => (thinking ? count(thinking) : 0)));
  const images = await Promise.all(
    messages.map(async ({ content }) => sum(await Promise.all(content.map((part) => (part.type === 'image' ? picture(part.path) : 0))))),
  );
  const own = messages.map((_, index) => texts[index]! + thoughts[index]! + images[index]!);
  const ofTools = tools?.length ? Math.min(await count(JSON.stringify(tools)), Math.max(0, all - sum(own))) : 0;
  // What the template writes around the messages; rounded so that all together are the whole.
  const around = (all - ofTools - sum(own)) / messages.length;
  let end = 0;
  const rows = own.map((tokens) => {
    const start = Math.round(end);
    end += tokens + around;
    return Math.round(end) - start;
  });
  return { total: all, messages: rows, images: sum(images), thinking: sum(thoughts), tools: ofTools };
}

/** The account of a request's prompt, as if nothing of it had been read before. */
export async function ledger(request: GenerateRequest, counting: Counting): Promise<Ledger> {
  const { messages, ...all } = await tally(request, counting);
  const rows = request.messages.map(({ role }, index) => ({ role, tokens: messages[index]!, cached: false }));
  const system = sum(rows.filter(({ role }) => role === 'system').map(({ tokens }) => tokens));
  return { ...all, context: counting.context, cached: 0, system, messages: rows };
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
