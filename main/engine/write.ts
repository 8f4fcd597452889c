/** Writes one answer with a model in this process. */
import type { LlamaContextSequence, LlamaModel, SequenceEvaluateOptions, Token } from 'node-llama-cpp';
import type { GenerateRequest } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { Answer } from './answer.ts';
import { drawing, penaltyWindow, type Said } from './backend.ts';
import { createPieces } from './pieces.ts';
import type { PromptMaker } from './prompt.ts';
import { readTokens } from './readTokens.ts';
import { createStops } from './stops.ts';
import { createSplitter } from './thinking.ts';
import { commonLength, tokenize } from './tokens.ts';
import { createToolReader } from './toolCalls.ts';

interface Writer {
  model: LlamaModel;
  sequence: LlamaContextSequence;
  prompts: PromptMaker;
}

/** Processes the prompt and says what the model answers. Throws `Fault('engine.contextFull')` where it does not fit. */
export async function write(request: GenerateRequest, { model, sequence, prompts }: Writer, answer: Answer, stop: AbortSignal): Promise<void> {
  const prompt = prompts.render(request);
  const tokens = tokenize(model, prompt.text);
  const context = sequence.contextSize;
  // The library keeps one place free and would throw the oldest tokens out to make room.
  if (tokens.length >= context - 1) throw new Fault('engine.contextFull', 'The conversation is longer than the context', { used: tokens.length, context });
  // The last token of the prompt is what the first word comes from.
  const places = prompt.stable.map((end) => commonLength(tokens, tokenize(model, prompt.text.slice(0, end))));
  let begun = false;
  const onProcessed = (count: number): void => {
    if (!begun) answer.prompt(tokens.length, count);
    else answer.processed(count);
    begun = true;
  };
  await readTokens(sequence, tokens.slice(0, -1), places, onProcessed, stop);
  if (stop.aborted) return;

  const spoken = createSpoken(request, prompt.thinking, answer);
  const pieces = createPieces(model);
  const endOfThinking = model.tokenize('</think>', true);
  const last = createLast(tokens);
  const words = sequence.evaluate(tokens.slice(sequence.nextTokenIndex), await options(request, model, spoken.thinking, last.tokens));
  let count = 0;
  let thought = 0;
  let instead: Token[] | undefined;
  answer.because('end');
  for (;;) {
    const { value: token, done } = await words.next(instead);
    instead = undefined;
    if (done || stop.aborted) break;
    if (count++ === 0) answer.processed(tokens.length);
    answer.token();
    // What was drawn is put aside for the end of the thinking.
    if (spoken.thinking() && thought++ === request.thinkingBudget) instead = endOfThinking;
    const next = instead ?? [token];
    last.push(next);
    const text = next.map((token) => pieces.push(token)).join('');
    if (spoken.push(text)) break;
    if (request.maxTokens && count >= request.maxTokens) {
      answer.because('length');
      break;
    }
    if (sequence.nextTokenIndex >= context - 1) {
      answer.because('context');
      break;
    }
  }
  await words.return();
  if (stop.aborted) return;
  spoken.push(pieces.end());
  spoken.end();
}

/** What the model writes on its way to the answer: up to a stop, thinking apart from text, calls apart from both. */
function createSpoken({ stop = [], tools = [] }: GenerateRequest, thinking: boolean, answer: Answer) {
  const stops = createStops(stop);
  const splitter = createSplitter(thinking);
  const reader = tools.length > 0 ? createToolReader(tools) : undefined;
  let ended = false;
  const say = (said: Said[]): void => answer.say(reader ? said.flatMap((event): Said[] => (event.type === 'text' ? reader.push(event.text) : [event])) : said);
  return {
    thinking: splitter.thinking,
    /** True once a stop has come. */
    push(text: string): boolean {
      if (ended) return true;
      const sure = stops.push(text);
      ended = sure.ended;
      say(splitter.push(sure.text));
      return ended;
    },
    end(): void {
      if (!ended) say(splitter.push(stops.end()));
      say(splitter.end());
      if (reader) answer.say(reader.end());
    },
  };
}

/** The last tokens of a text that grows. */
function createLast(prompt: Token[]) {
  let tokens = prompt.slice(-penaltyWindow);
  return {
    tokens: (): Token[] => tokens,
    push(more: Token[]): void {
      tokens = [...tokens, ...more].slice(-penaltyWindow);
    },
  };
}

async function options(request: GenerateRequest, model: LlamaModel, thinking: () => boolean, last: () => Token[]): Promise<SequenceEvaluateOptions> {
  const { temperature, topK, topP, minP, repeatPenalty, presencePenalty, seed } = drawing(request);
  const penalized = repeatPenalty !== 1 || presencePenalty !== 0;
  const drawn = {
    ...{ temperature, topK, topP, minP, seed },
    ...(penalized && { repeatPenalty: { punishTokens: last, maxPunishTokens: penaltyWindow, penalty: repeatPenalty, presencePenalty } }),
  };
  const { jsonSchema } = request;
  if (!jsonSchema) return drawn;
  const grammar = await model.llama.createGrammarForJsonSchema(jsonSchema as Parameters<typeof model.llama.createGrammarForJsonSchema>[0]);
  const { LlamaGrammarEvaluationState } = await import('node-llama-cpp');
  const state = new LlamaGrammarEvaluationState({ model, grammar });
  return { ...drawn, grammarEvaluationState: () => (thinking() ? undefined : state) };
}
