/** The tiny model of the fixtures, for this folder's tests. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { GenerateRequest, LoadPlan, Message, Tool } from '../../shared/contract/control.ts';

const folder = path.resolve(import.meta.dirname, '../../e2e/fixtures/tiny-qwen3.5-vl');
export const fixture = (name: string): string => path.join(folder, name);

export const quant = { q4: fixture('tiny-qwen3.5-vl-Q4_K_M.gguf'), split: fixture('tiny-qwen3.5-vl-Q8_0-00001-of-00003.gguf') };
export const projector = fixture('mmproj-tiny-qwen3.5-vl-F16.gguf');

export const plan = (changes: Partial<LoadPlan> = {}): LoadPlan => ({
  contextSize: 4096,
  kvType: 'f16',
  flashAttention: true,
  gpuLayers: 0,
  vision: true,
  batchSize: 512,
  ...changes,
});

export const say = (role: Message['role'], text: string): Message => ({ role, content: [{ type: 'text', text }] });

export const ask = (messages: Message[] | string, changes: Partial<GenerateRequest> = {}): GenerateRequest => ({
  turnId: 'turn',
  messages: typeof messages === 'string' ? [say('user', messages)] : messages,
  thinking: false,
  temperature: 0,
  ...changes,
});

interface Conversation {
  task: string;
  think: boolean;
  tools: { function: Tool }[] | null;
  sure: boolean;
  messages: {
    role: Message['role'];
    content: string;
    reasoning_content?: string;
    tool_calls?: { function: { name: string; arguments: Record<string, unknown> } }[];
  }[];
}

const conversations = (JSON.parse(readFileSync(fixture('conversations.json'), 'utf8')) as Conversation[]).filter(({ sure }) => sure);

/** Conversations whose last message every quantization answers to the letter; those that need tools are left out. */
export const sureConversations = conversations
  .filter(({ tools }) => tools === null)
  .map(({ task, think, messages }) => ({
    task,
    thinking: think,
    messages: messages.slice(0, -1).map(({ role, content }) => say(role, content)),
    expected: messages.at(-1)!,
  }));

/** Those with tools, up to the message that every quantization answers the same. */
export const sureCalls = conversations.flatMap(({ tools, think, messages }) => {
  if (tools === null) return [];
  const said = messages.map(
    ({ role, content, reasoning_content, tool_calls = [] }): Message => ({
      ...say(role, content),
      ...(reasoning_content && { thinking: reasoning_content }),
      ...(role === 'tool' && { toolCallId: 'call' }),
      ...(tool_calls.length > 0 && {
        toolCalls: tool_calls.map(({ function: { name, arguments: given } }) => ({ id: 'call', name, arguments: JSON.stringify(given) })),
      }),
    }),
  );
  return [{ tools: tools.map((tool) => tool.function), thinking: think, messages: said.slice(0, -1), expected: said.at(-1)! }];
});

/** Questions to pictures that are opaque PNG or JPEG as they are, and that every quantization answers to the letter. */
export const surePictures = (
  JSON.parse(readFileSync(fixture('pictures/expected.json'), 'utf8')) as { file: string; questions: { q: string; a: string; sure: boolean }[] }[]
)
  .filter(({ file }) => /\.(png|jpg)$/.test(file) && !/alpha|grey|palette/.test(file) && existsSync(fixture(`pictures/${file}`)))
  .flatMap(({ file, questions }) => questions.filter(({ sure }) => sure).map(({ q, a }) => ({ file: fixture(`pictures/${file}`), q, a })));
