/** Text models, in this process, through node-llama-cpp. */
import { stat } from 'node:fs/promises';
import type { LlamaContextSequence } from 'node-llama-cpp';
import type { GenerateRequest } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import { type Answer, createAnswer } from './answer.ts';
import type { Backend } from './backend.ts';
import { checkpointRoom } from './checkpoints.ts';
import { type OpenModel, openModel, summary } from './openModel.ts';
import { createPromptMaker, type PromptMaker } from './prompt.ts';
import { readTokens } from './readTokens.ts';
import { type Counting, fitted, ledger } from './tally.ts';
import { commonLength, tokenize } from './tokens.ts';
import { write } from './write.ts';

interface Loaded extends OpenModel {
  sequence: LlamaContextSequence;
  prompts: PromptMaker;
}

export function createNodeLlamaCpp(): Backend {
  let loaded: Loaded | undefined;
  /** The native work of an answer that was stopped may still end its last step. */
  let settled: Promise<unknown> = Promise.resolve();
  /** Not yet read as the next prompt will quote it. */
  let unsettled: Pick<GenerateRequest, 'messages' | 'thinking' | 'tools'> | undefined;

  const running = (): Loaded => {
    if (!loaded) throw new Fault('engine.notLoaded', 'No model is loaded');
    return loaded;
  };

  const settle = async (stop: AbortSignal): Promise<void> => {
    const { model, sequence, prompts } = running();
    await settled;
    if (!unsettled) return;
    const [one, other] = prompts.quoted(unsettled).map((text) => tokenize(model, text));
    const stable = one!.slice(0, commonLength(one!, other!));
    if (stable.length >= sequence.contextSize) return;
    const work = readTokens(sequence, stable, [stable.length], () => {}, stop);
    settled = work.catch(() => {});
    await work;
    if (!stop.aborted) unsettled = undefined;
  };

  return {
    async load(request, onProgress, signal) {
      const open = await openModel(request, onProgress, signal);
      const { model, context } = open;
      const sequence = context.getSequence({ checkpoints: { max: 16, interval: false, maxMemory: checkpointRoom } });
      const { tokenizer } = model.fileInfo.metadata;
      const prompts = createPromptMaker(tokenizer?.chat_template, { bos: model.tokens.bosString ?? '', eos: model.tokens.eosString ?? '' });
      loaded = { ...open, sequence, prompts };
      onProgress(1);
      return summary(request, open, prompts.canThink);
    },

    async generate(asked, on, stop) {
      const { model, sequence, prompts } = running();
      await settled;
      if (asked.messages.some(({ content }) => content.some(({ type }) => type === 'image')))
        throw new Fault('engine.noVision', 'The loaded model cannot see pictures', { reason: 'noProjector' });
      const fit = await fitted(asked, counting(asked));
      const request = fit ? { ...asked, messages: fit.messages } : asked;
      if (fit && fit.dropped.messages > 0) on({ type: 'dropped', ...fit.dropped });
      unsettled = undefined;
      let text = '';
      let called = false;
      const answer: Answer = createAnswer((event) => {
        if (event.type === 'text') text += event.text;
        called ||= event.type === 'toolCall';
        on(event);
      });
      const work = write(request, { model, sequence, prompts }, answer, stop);
      settled = work.catch(() => {});
      // A step of a big model can outlast anyone's patience: when stopped, the answer is over at once.
      await Promise.race([work, aborted(stop)]);
      // After a call comes its result, not a question.
      if (!called) unsettled = { ...request, messages: [...request.messages, { role: 'assistant', content: [{ type: 'text', text }] }] };
      return answer.end(stop.aborted);
    },

    settle: (_, stop) => settle(stop),

    ledger: async (request) => ledger(request, counting(request)),

    async saveState(file) {
      const { sequence } = running();
      await settle(new AbortController().signal);
      const { fileSize } = await sequence.saveStateToFile(file);
      return { tokens: sequence.nextTokenIndex, bytes: fileSize };
    },

    async restoreState(file) {
      const { sequence } = running();
      await settled;
      unsettled = undefined;
      const { size } = await stat(file);
      // A file that turns out to be none must not leave half of the old state.
      await sequence.clearHistory();
      await sequence.loadStateFromFile(file, { acceptRisk: true });
      return { tokens: sequence.nextTokenIndex, bytes: size };
    },

    async dispose() {
      await settled;
      await loaded?.context.dispose();
      await loaded?.model.dispose();
      loaded = undefined;
    },
  };

  function counting(request: GenerateRequest): Counting {
    const { model, sequence, prompts } = running();
    return {
      context: sequence.contextSize,
      count: (text) => model.tokenize(text).length,
      // It is shown none.
      picture: () => 0,
      total: (messages) => tokenize(model, prompts.render({ ...request, messages }).text).length,
    };
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
