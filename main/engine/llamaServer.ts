/** Models that see pictures, through a llama-server child of this process. */
import { readFile } from 'node:fs/promises';
import type { GenerateRequest, LoadRequest, Message } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { TurnStats } from '../../shared/schemas/chat.ts';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import { projectorWeights } from '../memory/projector.ts';
import { readHeader } from '../memory/virtual.ts';
import { type Backend, imageTokenCap, randomSeed, sampling } from './backend.ts';
import { threads } from './llama.ts';
import { loadFault, readMemory } from './llamaLog.ts';
import { chat, get, type Timings } from './openaiClient.ts';
import { hasThinkingSwitch } from './prompt.ts';
import { type ServerProcess, startServer } from './serverProcess.ts';

export function createLlamaServer(): Backend {
  let server: ServerProcess | undefined;
  let contextSize = 0;
  const lost = Promise.withResolvers<string>();

  return {
    lost: lost.promise,

    async load(request, onProgress, signal) {
      const { serverFolder, model } = request;
      if (!serverFolder) throw new Fault('engine.noVision', 'The vision engine is not built', { reason: 'build' });
      const started = await startServer(serverFolder, serverArguments(request), (line) => process.stderr.write(`${line}\n`));
      server = started;
      try {
        await started.ready(onProgress, signal);
        const { chat_template } = (await get(started.address, '/props')) as { chat_template?: string };
        contextSize = request.plan.contextSize;
        void started.exited.then((reason) => server === started && lost.resolve(reason));
        onProgress(1);
        return await summary(request, started, hasThinkingSwitch(chat_template));
      } catch (error) {
        await started.kill();
        server = undefined;
        signal.throwIfAborted();
        throw loadFault(model, started.log.lines(), error);
      }
    },

    async generate(request, on, stop) {
      if (!server) throw new Fault('engine.notLoaded', 'No model is loaded');
      const { address, exited } = server;
      const started = performance.now();
      let firstToken: number | undefined;
      let thoughtUntil: number | undefined;
      let finish: string | null | undefined;
      let timings: Timings | undefined;
      let promptTokens = 0;
      let cachedTokens = 0;
      const body = await requestBody(request);
      const crashed = exited.then((reason) => {
        throw new Fault('engine.crashed', `The engine ended: ${reason}`, { reason });
      });
      crashed.catch(() => {});
      const answered = chat(
        address,
        body,
        (chunk) => {
          timings = chunk.timings ?? timings;
          if (chunk.prompt_progress) {
            const { total, cache, processed } = chunk.prompt_progress;
            promptTokens = total;
            cachedTokens = cache;
            on({ type: 'prompt', processed, total });
          }
          for (const { delta, finish_reason } of chunk.choices) {
            finish = finish_reason ?? finish;
            if (!delta.content && !delta.reasoning_content) continue;
            firstToken ??= performance.now();
            if (delta.reasoning_content) {
              thoughtUntil = performance.now();
              on({ type: 'thinking', text: delta.reasoning_content });
            }
            if (delta.content) on({ type: 'text', text: delta.content });
          }
        },
        stop,
      ).catch(async (error: unknown) => {
        if (error instanceof Fault) throw error;
        // A connection that breaks is most often the server's end, whose reason is the better one.
        await Promise.race([crashed, new Promise((resolve) => setTimeout(resolve, 1_000))]);
        throw error;
      });
      await Promise.race([answered, crashed]);
      const tokens = timings?.predicted_n ?? 0;
      const used = promptTokens || (timings?.prompt_n ?? 0) + (timings?.cache_n ?? 0);
      return {
        stopReason: stop.aborted
          ? 'stopped'
          : finish !== 'length'
            ? 'end'
            : request.maxTokens !== undefined && tokens >= request.maxTokens
              ? 'length'
              : 'context',
        promptTokens: used,
        cachedTokens: timings?.cache_n ?? cachedTokens,
        tokens,
        firstTokenMs: (firstToken ?? performance.now()) - started,
        tokensPerSecond: timings?.predicted_per_second ?? 0,
        promptTokensPerSecond: timings?.prompt_per_second ?? 0,
        ...(thoughtUntil !== undefined && { thinkingMs: thoughtUntil - (firstToken ?? started) }),
      } satisfies TurnStats;
    },

    async dispose() {
      const ending = server;
      server = undefined;
      await ending?.kill();
    },
  };

  async function summary({ plan, projector }: LoadRequest, { log }: ServerProcess, thinking: boolean): Promise<LoadedModel> {
    const { batchSize: _, ...settings } = plan;
    const offloaded = log
      .lines()
      .map((line) => /offloaded (\d+)\/(\d+) layers to GPU/.exec(line))
      .find((match) => match !== null);
    const memory = readMemory(log.lines());
    // llama-server logs the projector's compute buffer only; its weights lie where that is.
    if (projector) memory[memory.gpu.projector > 0 ? 'gpu' : 'ram'].projector += projectorWeights((await readHeader(projector)).header);
    return {
      backend: 'llama-server',
      settings,
      contextSize,
      layers: { total: Number(offloaded?.[2] ?? layerCount(log.lines())), onGpu: Number(offloaded?.[1] ?? 0) },
      vision: projector !== undefined,
      thinking,
      memory,
    };
  }
}

/** Layers of a model, output layer included, from the log's `n_layer = 4`. */
const layerCount = (lines: string[]): number =>
  Number(lines.map((line) => /n_layer\s*=\s*(\d+)/.exec(line)?.[1]).find((count) => count !== undefined) ?? 0) + 1;

/** The plan as llama-server's arguments: nothing is fitted or chosen by the server itself. */
function serverArguments({ model, projector, plan }: LoadRequest): string[] {
  const cores = String(threads());
  return [
    ...['-m', model, ...(projector ? ['--mmproj', projector, '--image-max-tokens', String(imageTokenCap)] : [])],
    ...(plan.gpuLayers === 0 || plan.projectorInRam ? ['--no-mmproj-offload'] : []),
    ...(plan.expertsInRam ? ['--n-cpu-moe', String(plan.expertsInRam)] : []),
    ...['-c', String(plan.contextSize), '-ngl', String(plan.gpuLayers), '-fit', 'off', '-lm', 'none'],
    ...['-ctk', plan.kvType, '-ctv', plan.kvType, '-fa', plan.flashAttention ? 'on' : 'off'],
    ...['-b', String(plan.batchSize), '-ub', String(plan.batchSize), '-t', cores, '-tb', cores],
    // One person, one conversation at a time: no slots, no copies of old prompts in RAM.
    ...['-np', '1', '--cache-ram', '0', '--ctx-checkpoints', '8', '--no-ui', '--jinja', '--log-colors', 'off', '-lv', '4'],
  ];
}

async function requestBody({ messages, thinking, temperature, seed, maxTokens }: GenerateRequest): Promise<object> {
  return {
    messages: await Promise.all(messages.map(toMessage)),
    stream: true,
    return_progress: true,
    timings_per_token: true,
    cache_prompt: true,
    chat_template_kwargs: { enable_thinking: thinking },
    temperature,
    seed: seed ?? randomSeed(),
    top_k: sampling.topK,
    top_p: sampling.topP,
    min_p: sampling.minP,
    ...(maxTokens !== undefined && { max_tokens: maxTokens }),
  };
}

/** A message in OpenAI's shape, its pictures as data URLs in their place. */
async function toMessage({ role, content }: Message): Promise<object> {
  if (content.every((part) => part.type === 'text')) return { role, content: content.map(({ text }) => text).join('') };
  return {
    role,
    content: await Promise.all(
      content.map(async (part) => {
        if (part.type === 'text') return part;
        const bytes = await readFile(part.path);
        const type = bytes[0] === 0xff ? 'image/jpeg' : 'image/png';
        return { type: 'image_url', image_url: { url: `data:${type};base64,${bytes.toString('base64')}` } };
      }),
    ),
  };
}
