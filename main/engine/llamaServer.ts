/** Models in a llama-server child of this process: those that see pictures, and text. */
import path from 'node:path';
import * as z from 'zod/mini';
import type { GenerateRequest, LoadRequest, Message, SavedState, ToolCall } from '../../shared/contract/control.ts';
import { Fault } from '../../shared/result.ts';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import { headerOf } from '../gguf/read.ts';
import { projectorWeights } from '../memory/projector.ts';
import { mayNotUseAmx, withoutAmx } from './amx.ts';
import type { Backend } from './backend.ts';
import { stateBytes } from './checkpoints.ts';
import { isUnlocked, loadFault, readMemory } from './llamaLog.ts';
import { type Address, ask, chat } from './openaiClient.ts';
import { hasThinkingSwitch } from './prompt.ts';
import { createServerAnswer } from './serverAnswer.ts';
import { serverArguments } from './serverArguments.ts';
import { type ServerProcess, startServer } from './serverProcess.ts';
import { answerRequest, conversation, pictures } from './serverRequest.ts';
import { type Counting, fitted, ledger } from './tally.ts';

const properties = z.object({ chat_template: z.optional(z.string()), media_marker: z.optional(z.string()) });
const saved = z.object({ n_saved: z.int(), n_written: z.number() });
const restored = z.object({ n_restored: z.int(), n_read: z.number() });

/** A conversation up to and with its last answer. */
type Said = Pick<GenerateRequest, 'messages' | 'thinking' | 'tools'>;

export function createLlamaServer(): Backend {
  let server: ServerProcess | undefined;
  let contextSize = 0;
  let marker = '';
  let stateFolder: string | undefined;
  /** Tokens of the pictures that were counted, by their file. */
  const counted = new Map<string, number>();
  /** Not yet read as the next prompt will quote it, by slot. */
  const unsettled = new Map<number, Said>();
  const lost = Promise.withResolvers<string>();

  const running = (): ServerProcess => {
    if (!server) throw new Fault('engine.notLoaded', 'No model is loaded');
    return server;
  };

  const settle = async (slot: number, stop: AbortSignal): Promise<void> => {
    const said = unsettled.get(slot);
    if (!said) return;
    const { address } = running();
    const [one, other] = await Promise.all(['a', 'b'].map((next) => render(address, { ...said, messages: [...said.messages, question(next)] })));
    const stable = commonPrefix(one!, other!);
    // A picture whose place comes later than what is stable cannot be sent along.
    const images = (await pictures(said.messages)).slice(0, stable.split(marker || '\0').length - 1);
    const prompt = images.length > 0 ? { prompt_string: stable, multimodal_data: images } : stable;
    // The word after it is thrown away before it is processed; none at all cannot be asked for.
    const body = { prompt, n_predict: 1, cache_prompt: true, temperature: 0, id_slot: slot };
    try {
      await ask(address, '/completion', z.unknown(), body, stop);
      if (unsettled.get(slot) === said) unsettled.delete(slot);
    } catch (error) {
      // An answer that filled the context leaves no room to be read once more.
      const full = error instanceof Fault && error.code === 'engine.contextFull';
      if (!stop.aborted && !full) throw error;
    }
  };

  return {
    lost: lost.promise,

    async load(request, onProgress, signal) {
      const { serverFolder, model } = request;
      if (!serverFolder) throw new Fault('engine.noVision', 'The vision engine is not built', { reason: 'build' });
      // The header of a model is megabytes: it is read where it can matter only.
      const spoilt = (request.plan.slots ?? 1) > 1 && mayNotUseAmx(request.plan, await stateBytes(model).catch(() => 1));
      const folder = spoilt ? withoutAmx(serverFolder) : serverFolder;
      const started = await startServer(folder, await serverArguments(request), (line) => process.stderr.write(`${line}\n`));
      server = started;
      try {
        await started.ready(onProgress, signal);
        const { chat_template, media_marker = '' } = await ask(started.address, '/props', properties);
        contextSize = request.plan.contextSize;
        stateFolder = request.stateFolder;
        marker = media_marker;
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

    async generate(asked, on, stop) {
      const { address, exited } = running();
      const fit = await fitted(asked, counting(address, asked));
      // What does not fit is refused below, with the server's own count.
      const request = fit ? { ...asked, messages: fit.messages } : asked;
      if (fit && fit.dropped.messages > 0) on({ type: 'dropped', ...fit.dropped });
      let text = '';
      const calls: ToolCall[] = [];
      const answer = createServerAnswer(request, (event) => {
        if (event.type === 'text') text += event.text;
        if (event.type === 'toolCall') calls.push(event.call);
        on(event);
      });
      const crashed = exited.then((reason) => {
        throw new Fault('engine.crashed', `The engine ended: ${reason}`, { reason });
      });
      crashed.catch(() => {});
      const { slot = 0 } = request;
      unsettled.delete(slot);
      const answered = chat(address, await answerRequest(request), answer.take, stop).catch(async (error: unknown) => {
        if (error instanceof Fault) throw error;
        // A connection that breaks is most often the server's end, whose reason is the better one.
        await Promise.race([crashed, new Promise((resolve) => setTimeout(resolve, 1_000))]);
        throw error;
      });
      await Promise.race([answered, crashed]);
      const stats = answer.end(stop.aborted);
      // After a call comes its result, not a question.
      if (calls.length === 0) unsettled.set(slot, { ...request, messages: [...request.messages, { role: 'assistant', content: [{ type: 'text', text }] }] });
      return stats;
    },

    settle,

    ledger: async (request) => ledger(request, counting(running().address, request)),

    async saveState(file, slot) {
      const { address } = running();
      await settle(slot, new AbortController().signal);
      const { n_saved, n_written } = await ask(address, `/slots/${slot}?action=save`, saved, { filename: stateName(file) });
      return { tokens: n_saved, bytes: n_written } satisfies SavedState;
    },

    async restoreState(file, slot) {
      const { address } = running();
      unsettled.delete(slot);
      // A model that guesses is not restored: it must forget the conversation before, or its next words would have no place.
      await ask(address, `/slots/${slot}?action=erase`, z.unknown(), {});
      const { n_restored, n_read } = await ask(address, `/slots/${slot}?action=restore`, restored, { filename: stateName(file) });
      return { tokens: n_restored, bytes: n_read } satisfies SavedState;
    },

    async dispose() {
      const ending = server;
      server = undefined;
      await ending?.kill();
    },
  };

  /** The server was told one folder at its start. */
  function stateName(file: string): string {
    if (path.dirname(file) !== stateFolder) throw new Error(`${file} is not in the folder of the states`);
    return path.basename(file);
  }

  function counting(address: Address, request: GenerateRequest): Counting {
    const count = async (text: string): Promise<number> => (text === '' ? 0 : (await ask(address, '/tokenize', tokens, { content: text })).tokens.length);
    return {
      context: contextSize,
      count,
      async picture(file) {
        const tokens = counted.get(file) ?? (await pictureTokens(address, file));
        counted.set(file, tokens);
        return tokens;
      },
      total: (messages) => promptTokens(address, { ...request, messages }),
    };
  }
}

const tokens = z.object({ tokens: z.array(z.unknown()) });
const input = z.object({ input_tokens: z.int() });

/** Tokens of a prompt with its pictures, which the server cuts up but does not look at for this. */
const promptTokens = async (address: Address, said: Said): Promise<number> =>
  (await ask(address, '/v1/chat/completions/input_tokens', input, await conversation(said))).input_tokens;

async function pictureTokens(address: Address, path: string): Promise<number> {
  const shown: Message = { role: 'user', content: [{ type: 'image', path }, ...question('a').content] };
  const [withIt, without] = await Promise.all([shown, question('a')].map((message) => promptTokens(address, { messages: [message], thinking: false })));
  return withIt! - without!;
}

const rendered = z.object({ prompt: z.string() });

/** The prompt as the model's own template writes it, by the server's own reading of it. */
const render = async (address: Address, said: Said): Promise<string> => (await ask(address, '/apply-template', rendered, await conversation(said))).prompt;

const question = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] });

function commonPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}

async function summary({ plan, projector }: LoadRequest, { log }: ServerProcess, thinking: boolean): Promise<LoadedModel> {
  const offloaded = log
    .lines()
    .map((line) => /offloaded (\d+)\/(\d+) layers to GPU/.exec(line))
    .find((match) => match !== null);
  const memory = readMemory(log.lines());
  // llama-server logs the projector's compute buffer only; its weights lie where that is.
  if (projector) memory[memory.gpu.projector > 0 ? 'gpu' : 'ram'].projector += projectorWeights((await headerOf(projector)).header);
  return {
    backend: 'llama-server',
    settings: plan,
    contextSize: plan.contextSize,
    layers: { total: Number(offloaded?.[2] ?? layerCount(log.lines())), onGpu: Number(offloaded?.[1] ?? 0) },
    vision: projector !== undefined,
    thinking,
    ...(plan.slots && { slots: plan.slots }),
    ...(plan.mlock && isUnlocked(log.lines()) && { unlocked: true }),
    memory,
  };
}

/** Layers of a model, output layer included, from the log's `n_layer = 4`. */
const layerCount = (lines: string[]): number =>
  Number(lines.map((line) => /n_layer\s*=\s*(\d+)/.exec(line)?.[1]).find((count) => count !== undefined) ?? 0) + 1;
