/** Text models, in this process, through node-llama-cpp. */
import type { LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp';
import type { GenerateRequest } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import { type Answer, createAnswer } from './answer.ts';
import { type Backend, randomSeed, sampling } from './backend.ts';
import { type OpenModel, openModel, summary } from './openModel.ts';
import { createPieces } from './pieces.ts';
import { createPromptMaker, type PromptMaker } from './prompt.ts';
import { createSplitter } from './thinking.ts';

/** How long a piece of the prompt may take, so that progress is seen and a stop heard. */
const pieceMs = 80;
/** Fewer tokens at once waste the processor. */
const smallestPiece = 32;

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

async function write(
  request: GenerateRequest,
  model: LlamaModel,
  sequence: LlamaContextSequence,
  prompts: PromptMaker,
  answer: Answer,
  stop: AbortSignal,
): Promise<void> {
  if (request.messages.some(({ content }) => content.some(({ type }) => type === 'image')))
    throw new Fault('engine.noVision', 'The loaded model cannot see pictures', { reason: 'noProjector' });
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
