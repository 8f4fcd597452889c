/** llama-server as someone would run and ask it without an app: a loopback port, OpenAI's protocol, and nothing in between. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { type Answer, stopwatch } from './answers.ts';

export interface DirectOptions {
  /** With llama-server and its libraries. */
  folder: string;
  model: string;
  threads: number;
  /** Tokens of each conversation. */
  context: number;
  conversations: number;
}

export interface DirectServer {
  pid: number;
  /** Milliseconds from the start to the first healthy answer. */
  loadMs: number;
  ask(prompt: string, maxTokens: number): Promise<Answer>;
  /** Tokens of a text. */
  count(text: string): Promise<number>;
  close(): Promise<void>;
}

const chunk = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.nullish(z.string()), reasoning_content: z.nullish(z.string()) }) })),
  timings: z.optional(z.object({ predicted_n: z.int(), prompt_n: z.int(), cache_n: z.optional(z.int()) })),
});

/** Starts it with what the app gives it, and waits until it has loaded. */
export async function startDirect({ folder, model, threads, context, conversations }: DirectOptions): Promise<DirectServer> {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const began = performance.now();
  const child = spawn(
    path.join(folder, 'llama-server'),
    [
      ...['-m', model, '--host', '127.0.0.1', '--port', String(port), '-c', String(context * conversations), '-np', String(conversations)],
      ...['-ngl', '0', '-fit', 'off', '-lm', 'none', '-fa', 'on', '-b', '512', '-ub', '512', '-t', String(threads), '-tb', String(threads)],
      ...['--cache-ram', '0', '--no-ui', '--jinja'],
    ],
    { stdio: 'ignore' },
  );
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const base = `http://127.0.0.1:${port}`;
  while (
    !(await fetch(`${base}/health`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`llama-server ended with ${child.exitCode}`);
    await sleep(20);
  }
  return {
    pid: child.pid!,
    loadMs: performance.now() - began,
    async ask(prompt, maxTokens) {
      const watch = stopwatch();
      const response = await fetch(`${base}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({
          ...{ messages: [{ role: 'user', content: prompt }], stream: true, max_tokens: maxTokens, temperature: 0, cache_prompt: true },
          ...{ timings_per_token: true, chat_template_kwargs: { enable_thinking: false } },
        }),
      });
      let rest = '';
      let timings: z.infer<typeof chunk>['timings'];
      for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split('\n');
        rest = lines.pop()!;
        for (const line of lines) {
          if (!line.startsWith('data: {')) continue;
          const said = chunk.parse(JSON.parse(line.slice(6)));
          timings = said.timings ?? timings;
          for (const { delta } of said.choices) {
            const piece = delta.content || delta.reasoning_content;
            if (piece) watch.piece(piece);
          }
        }
      }
      if (!timings) throw new Error(`llama-server answered ${response.status} without timings`);
      return watch.answer({ promptTokens: timings.prompt_n + (timings.cache_n ?? 0), tokens: timings.predicted_n });
    },
    async count(text) {
      const response = await fetch(`${base}/tokenize`, { method: 'POST', body: JSON.stringify({ content: text }) });
      return z.object({ tokens: z.array(z.unknown()) }).parse(await response.json()).tokens.length;
    },
    async close() {
      child.kill();
      await gone;
    },
  };
}
