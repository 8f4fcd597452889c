/** Text models, in this process, through node-llama-cpp. */
import type { LlamaContext, LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp';
import type { GenerateRequest, LoadRequest } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { StopReason, TurnStats } from '../../shared/schemas/chat.ts';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import { type Backend, randomSeed, type Said, sampling } from './backend.ts';
import { llama, llamaLog, logged, threads } from './llama.ts';
import { loadFault, readMemory } from './llamaLog.ts';
import { createPieces } from './pieces.ts';
import { createPromptMaker, type PromptMaker } from './prompt.ts';
import { createSplitter } from './thinking.ts';

/** How long a piece of the prompt may take, so that progress is seen and a stop heard. */
const pieceMs = 80;
/** Fewer tokens at once waste the processor. */
const smallestPiece = 32;

const cacheType = { f16: 'F16', q8_0: 'Q8_0', q4_0: 'Q4_0' } as const;

/** A model and its context as the library holds them. */
interface OpenModel {
  model: LlamaModel;
  context: LlamaContext;
}

/**
 * Opens a model with exactly the plan's settings: no layer moved, no context shrunk. Throws a `Fault` that says why not,
 * or `signal.reason`.
 */
async function openModel({ model: file, plan }: LoadRequest, onProgress: (progress: number) => void, signal: AbortSignal): Promise<OpenModel> {
  const engine = await llama();
  llamaLog.clear();
  let model: LlamaModel | undefined;
  try {
    model = await engine.loadModel({
      modelPath: file,
      gpuLayers: plan.gpuLayers,
      // As it was estimated: what is loaded is in memory, not in a file that the system may drop.
      useMmap: false,
      ignoreMemorySafetyChecks: true,
      onLoadProgress: onProgress,
      loadSignal: signal,
    });
    const context = await model.createContext({
      contextSize: plan.contextSize,
      batchSize: plan.batchSize,
      sequences: 1,
      flashAttention: plan.flashAttention,
      experimentalKvCacheKeyType: cacheType[plan.kvType],
      experimentalKvCacheValueType: cacheType[plan.kvType],
      threads: threads(),
      failedCreationRemedy: false,
      ignoreMemorySafetyChecks: true,
      createSignal: signal,
    });
    return { model, context };
  } catch (error) {
    await model?.dispose();
    signal.throwIfAborted();
    // llama.cpp itself says only that it failed, and why in its log; what the library finds is in the error.
    const native = error instanceof Error && /^Failed to /.test(error.message);
    if (native) await logged(/error loading model|failed to (?:create|initialize|allocate)/);
    throw loadFault(file, native ? llamaLog.lines() : [], error);
  }
}

/** Bytes as llama.cpp counts its own buffers; the library keeps this to itself. */
interface Breakdown {
  getMemoryBreakdown(): { cpuRam: number; gpuVram: number };
}

/** What an open model occupies by llama.cpp's own count, in bytes: exact, but not told apart by kind. */
function allocated({ model, context }: OpenModel): { weights: { cpuRam: number; gpuVram: number }; context: { cpuRam: number; gpuVram: number } } {
  return {
    weights: (model as unknown as { _model: Breakdown })._model.getMemoryBreakdown(),
    context: (context as unknown as { _ctx: Breakdown })._ctx.getMemoryBreakdown(),
  };
}

export function createNodeLlamaCpp(): Backend {
  let open: OpenModel | undefined;
  let sequence: LlamaContextSequence | undefined;
  let prompts: PromptMaker | undefined;
  /** The native work of an answer that was stopped may still end its last step. */
  let settled: Promise<unknown> = Promise.resolve();

  return {
    async load(request, onProgress, signal) {
      open = await openModel(request, onProgress, signal);
      const { model, context } = open;
      sequence = context.getSequence({ checkpoints: { max: 8, interval: false, maxMemory: 512 * 1024 * 1024 } });
      const { tokenizer } = model.fileInfo.metadata;
      prompts = createPromptMaker(tokenizer?.chat_template, { bos: model.tokens.bosString ?? '', eos: model.tokens.eosString ?? '' });
      onProgress(1);
      await logged(/sched_reserve: .* compute buffer size/);
      return summary(request, open, prompts.canThink);
    },

    async generate(request, on, stop) {
      if (!open || !sequence || !prompts) throw new Fault('engine.notLoaded', 'No model is loaded');
      await settled;
      const answer = createAnswer(on);
      const work = write(request, open.model, sequence, prompts, answer, stop);
      settled = work.catch(() => {});
      // A step of a big model can outlast anyone's patience: when stopped, the answer is over at once.
      await Promise.race([work, aborted(stop)]);
      return answer.end(stop.aborted);
    },

    async dispose() {
      await settled;
      await open?.context.dispose();
      await open?.model.dispose();
      open = undefined;
    },
  };
}

type Answer = ReturnType<typeof createAnswer>;

/** One answer on its way: passes on what is said until it is over, and keeps the statistics. */
function createAnswer(on: (event: Said) => void) {
  const started = performance.now();
  let over = false;
  let promptTokens = 0;
  let cachedTokens = 0;
  let promptDone: number | undefined;
  let tokens = 0;
  let firstToken: number | undefined;
  let lastToken = started;
  let thoughtUntil: number | undefined;
  let reason: StopReason = 'end';
  return {
    prompt(total: number, cached: number) {
      promptTokens = total;
      cachedTokens = cached;
    },
    processed(count: number) {
      if (count === promptTokens) promptDone = performance.now();
      if (!over) on({ type: 'prompt', processed: count, total: promptTokens });
    },
    token() {
      if (over) return;
      tokens++;
      lastToken = performance.now();
      firstToken ??= lastToken;
    },
    say(said: Said[]) {
      if (over) return;
      for (const event of said) {
        if (event.type === 'thinking') thoughtUntil = performance.now();
        on(event);
      }
    },
    because(why: StopReason) {
      if (!over) reason = why;
    },
    end(stopped: boolean): TurnStats {
      over = true;
      const writing = lastToken - (firstToken ?? lastToken);
      const reading = (promptDone ?? performance.now()) - started;
      return {
        stopReason: stopped ? 'stopped' : reason,
        promptTokens,
        cachedTokens,
        tokens,
        firstTokenMs: (firstToken ?? performance.now()) - started,
        tokensPerSecond: writing > 0 ? ((tokens - 1) * 1000) / writing : 0,
        promptTokensPerSecond: reading > 0 ? ((promptTokens - cachedTokens) * 1000) / reading : 0,
        ...(thoughtUntil !== undefined && { thinkingMs: thoughtUntil - (firstToken ?? started) }),
      };
    },
  };
}

async function write(
  request: GenerateRequest,
  model: LlamaModel,
  sequence: LlamaContextSequence,
  prompts: PromptMaker,
  answer: Answer,
  stop: AbortSignal,
): Promise<void> {
  if (request.messages.some(({ content }) => content.some(({ type }) => type === 'image')))
    throw new Fault('engine.noVision', 'The loaded model cannot see pictures', { reason: 'projector' });
  const prompt = prompts.render(request.messages, request.thinking);
  const tokens = tokenize(model, prompt.text);
  const context = sequence.contextSize;
  // The library keeps one place free and would throw the oldest tokens out to make room.
  if (tokens.length >= context - 1) throw new Fault('engine.contextFull', 'The conversation is longer than the context', { used: tokens.length, context });

  await sequence.adaptStateToTokens(tokens.slice(0, -1), false);
  const stable = commonLength(tokens, tokenize(model, prompt.text.slice(0, prompt.stable)));
  answer.prompt(tokens.length, sequence.nextTokenIndex);
  await read(tokens, stable, sequence, answer, stop);
  if (stop.aborted) return;

  const pieces = createPieces(model);
  const splitter = createSplitter(prompt.thinking);
  const say = (text: string): void => answer.say(splitter.push(text));
  const { temperature, seed = randomSeed() } = request;
  let count = 0;
  answer.because('end');
  for await (const token of sequence.evaluate(tokens.slice(sequence.nextTokenIndex), { temperature, seed, ...sampling })) {
    if (stop.aborted) return;
    if (count++ === 0) answer.processed(tokens.length);
    answer.token();
    say(pieces.push(token));
    if (request.maxTokens !== undefined && count >= request.maxTokens) {
      answer.because('length');
      break;
    }
    if (sequence.nextTokenIndex >= context - 1) {
      answer.because('context');
      break;
    }
  }
  say(pieces.end());
  answer.say(splitter.end());
}

/**
 * Processes all of the prompt but its last token, which the first word comes from. A model that cannot go back in its
 * state (hybrid and recurrent ones) gets a checkpoint at `stable`, where the conversation will go on.
 */
async function read(tokens: Token[], stable: number, sequence: LlamaContextSequence, answer: Answer, stop: AbortSignal): Promise<void> {
  const end = tokens.length - 1;
  let size = smallestPiece;
  while (sequence.nextTokenIndex < end && !stop.aborted) {
    const from = sequence.nextTokenIndex;
    const piece = tokens.slice(from, Math.min(end, from + size, from < stable ? stable : end));
    const started = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(piece);
    const speed = piece.length / (performance.now() - started);
    size = Math.max(smallestPiece, Math.min(sequence.context.batchSize, Math.floor(speed * pieceMs)));
    if (sequence.nextTokenIndex === stable && sequence.needsCheckpoints) await sequence.takeCheckpoint();
    answer.processed(sequence.nextTokenIndex);
  }
}

function tokenize(model: LlamaModel, text: string): Token[] {
  const tokens = model.tokenize(text, true);
  const { bos, shouldPrependBosToken } = model.tokens;
  return shouldPrependBosToken && bos != null && tokens[0] !== bos ? [bos, ...tokens] : tokens;
}

function commonLength(a: Token[], b: Token[]): number {
  let length = 0;
  while (length < b.length && a[length] === b[length]) length++;
  return length;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

function summary({ plan }: LoadRequest, open: OpenModel, thinking: boolean): LoadedModel {
  const { batchSize: _, ...settings } = plan;
  const total = open.model.fileInsights.totalLayers;
  const exact = allocated(open);
  const memory = readMemory(llamaLog.lines());
  for (const [side, weights, rest] of [
    [memory.gpu, exact.weights.gpuVram, exact.context.gpuVram],
    [memory.ram, exact.weights.cpuRam, exact.context.cpuRam],
  ] as const) {
    // The log is rounded; llama.cpp's count is exact. What is over belongs to the buffers that hold no round shapes.
    side.weights = weights;
    side.compute = Math.max(0, rest - side.kvCache - side.state);
  }
  return {
    backend: 'node-llama-cpp',
    settings: { ...settings, vision: false },
    contextSize: open.context.contextSize,
    layers: { total, onGpu: open.model.llama.gpu === false ? 0 : Math.min(total, plan.gpuLayers) },
    vision: false,
    thinking,
    memory,
  };
}
