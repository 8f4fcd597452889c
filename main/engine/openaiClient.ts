/** Speaks OpenAI's chat API as llama-server serves it, over a Unix socket or loopback. */
import { request } from 'node:http';
import * as z from 'zod/mini';
import { Fault } from '../../shared/result.ts';
import { createSseReader } from './sse.ts';

export interface Address {
  /** Path of a Unix socket; else loopback. */
  socket?: string;
  port?: number;
  key?: string;
}

const timings = z.object({
  cache_n: z.number(),
  prompt_n: z.number(),
  prompt_per_second: z.nullable(z.number()),
  predicted_n: z.number(),
  predicted_per_second: z.nullable(z.number()),
  draft_n: z.nullish(z.int()),
  draft_n_accepted: z.nullish(z.int()),
});
export type Timings = z.infer<typeof timings>;

/** A call comes in pieces that are joined by `index`. */
const toolCallPiece = z.object({
  index: z.int(),
  id: z.nullish(z.string()),
  function: z.nullish(z.object({ name: z.nullish(z.string()), arguments: z.nullish(z.string()) })),
});

/** A piece of a streamed answer; the fields besides `choices` are llama-server's own. */
const chunk = z.object({
  choices: z.array(
    z.object({
      delta: z.object({ content: z.nullish(z.string()), reasoning_content: z.nullish(z.string()), tool_calls: z.nullish(z.array(toolCallPiece)) }),
      finish_reason: z.nullish(z.string()),
    }),
  ),
  timings: z.nullish(timings),
  prompt_progress: z.nullish(z.object({ total: z.int(), cache: z.int(), processed: z.int() })),
});
export type Chunk = z.infer<typeof chunk>;

const failure = z.object({
  error: z.object({ message: z.string(), type: z.nullish(z.string()), n_prompt_tokens: z.nullish(z.int()), n_ctx: z.nullish(z.int()) }),
});

/**
 * The answer to `GET path`, or to `POST path` where there is a body, parsed with `schema`. Throws when there is no
 * server, `Fault('engine.refused')` with the server's own sentence for what it refuses, or `signal.reason`.
 */
export async function ask<T>(address: Address, path: string, schema: z.ZodMiniType<T>, body?: object, signal?: AbortSignal): Promise<T> {
  const pieces: Uint8Array[] = [];
  await send(address, body ? 'POST' : 'GET', path, body && JSON.stringify(body), signal, (bytes) => pieces.push(bytes));
  return schema.parse(JSON.parse(Buffer.concat(pieces).toString()));
}

/**
 * Streams the answer to a chat request. Resolves at its end, or when `signal` aborts: closing the connection is how
 * llama-server is told to stop. Throws `Fault('engine.contextFull')` where the prompt does not fit, and
 * `Fault('engine.refused')` with the server's own sentence for what its template refuses. `Fault('engine.contextShared')` where this
 * answer and others of the same time filled the context together.
 */
export async function chat(address: Address, body: object, on: (chunk: Chunk) => void, signal: AbortSignal): Promise<void> {
  const read = createSseReader();
  try {
    await send(address, 'POST', '/v1/chat/completions', JSON.stringify(body), signal, (bytes) => {
      for (const data of read(bytes)) {
        if (data === '[DONE]') continue;
        const json: unknown = JSON.parse(data);
        const failed = failure.safeParse(json);
        if (failed.success) throw serverFault(failed.data);
        on(chunk.parse(json));
      }
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function send(
  { socket, port, key }: Address,
  method: string,
  path: string,
  body: string | undefined,
  signal: AbortSignal | undefined,
  on: (bytes: Uint8Array) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const where = socket ? { socketPath: socket } : { host: '127.0.0.1', port };
    const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) };
    const sent = request({ ...where, method, path, headers, agent: false, ...(signal && { signal }) }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on('data', (bytes: Uint8Array) => {
        if (response.statusCode !== 200) return chunks.push(bytes);
        try {
          on(bytes);
        } catch (error) {
          sent.destroy();
          reject(error as Error);
        }
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) return resolve();
        reject(refusal(response.statusCode ?? 0, Buffer.concat(chunks).toString()));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function refusal(status: number, text: string): Error {
  try {
    const failed = failure.safeParse(JSON.parse(text));
    if (failed.success) return serverFault(failed.data);
  } catch {
    // Not JSON: the status has to do.
  }
  return new Error(`llama-server answered ${status}`);
}

function serverFault({ error: { message, type, n_prompt_tokens, n_ctx } }: z.infer<typeof failure>): Fault {
  if (type === 'exceed_context_size_error')
    return new Fault('engine.contextFull', 'The conversation is longer than the context', { used: n_prompt_tokens ?? 0, context: n_ctx ?? 0 });
  if (message.startsWith('Context size has been exceeded')) return new Fault('engine.contextShared', 'Answers filled the context together');
  return new Fault('engine.refused', message, { reason: message.replace(/\.$/, '') });
}
