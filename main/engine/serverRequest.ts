/** What is asked of llama-server, in OpenAI's shape with llama-server's own fields. */
import { readFile } from 'node:fs/promises';
import type { GenerateRequest, Message } from '../../shared/contract/control.ts';
import { drawing, penaltyWindow } from './backend.ts';

/** The conversation and all that its template is rendered with. */
export async function conversation({ messages, thinking, tools }: Pick<GenerateRequest, 'messages' | 'thinking' | 'tools'>): Promise<object> {
  return {
    messages: await Promise.all(messages.map(toMessage)),
    chat_template_kwargs: { enable_thinking: thinking },
    ...(tools?.length && { tools: tools.map((tool) => ({ type: 'function', function: tool })) }),
  };
}

/** A streamed answer to `request`. */
export async function answerRequest(request: GenerateRequest): Promise<object> {
  const { stop, thinkingBudget, jsonSchema } = request;
  const { temperature, topK, topP, minP, repeatPenalty, presencePenalty, seed, maxTokens } = drawing(request);
  return {
    ...(await conversation(request)),
    stream: true,
    return_progress: true,
    timings_per_token: true,
    cache_prompt: true,
    // All of them, and no others: the server would take what it is not told from the model's metadata.
    ...{ temperature, seed, top_k: topK, top_p: topP, min_p: minP, repeat_penalty: repeatPenalty, presence_penalty: presencePenalty },
    ...{ repeat_last_n: penaltyWindow, samplers: ['penalties', 'top_k', 'top_p', 'min_p', 'temperature'], mirostat: 0 },
    ...(maxTokens > 0 && { max_tokens: maxTokens }),
    ...(stop?.length && { stop }),
    ...(thinkingBudget !== undefined && { thinking_budget_tokens: thinkingBudget }),
    ...(jsonSchema && { response_format: { type: 'json_schema', json_schema: { schema: jsonSchema } } }),
  };
}

/** The pictures of a conversation in their order, as base64. */
export async function pictures(messages: Message[]): Promise<string[]> {
  const paths = messages.flatMap(({ content }) => content.flatMap((part) => (part.type === 'image' ? [part.path] : [])));
  return Promise.all(paths.map((path) => readFile(path, 'base64')));
}

async function toMessage({ role, content, thinking, toolCalls, toolCallId }: Message): Promise<object> {
  return {
    role,
    content: await toContent(content),
    ...(thinking && { reasoning_content: thinking }),
    ...(toolCalls?.length && {
      tool_calls: toolCalls.map(({ id, name, arguments: given }) => ({ id, type: 'function', function: { name, arguments: given } })),
    }),
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
  };
}

/** Text as it is; pictures as data URLs in their place. */
async function toContent(content: Message['content']): Promise<string | object[]> {
  if (content.every((part) => part.type === 'text')) return content.map(({ text }) => text).join('');
  return Promise.all(
    content.map(async (part) => {
      if (part.type === 'text') return part;
      const bytes = await readFile(part.path);
      const type = bytes[0] === 0xff ? 'image/jpeg' : 'image/png';
      return { type: 'image_url', image_url: { url: `data:${type};base64,${bytes.toString('base64')}` } };
    }),
  );
}
