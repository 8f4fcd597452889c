/**
 * Time to the first token of the next turn of a long chat: still held by the model, after its model was ejected and loaded again, after
 * another chat was answered in between, and read anew. `node bench/reopen.ts [model.gguf] [words]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHeld } from '../main/chats/held.ts';
import { forkEngine } from '../main/engine/fork.ts';
import { openStates, stateKey } from '../main/engine/states.ts';
import { createEngine } from '../main/engine/supervisor.ts';
import { ask, plan, quant, say } from '../main/engine/testModel.ts';
import { defaultFolders } from '../main/folders.ts';
import type { ModelFacts } from '../main/gguf/facts.ts';
import type { Message } from '../shared/contract/control.ts';

const [model = quant.q4, words = '7656'] = process.argv.slice(2);
const rounds = 3;
const contextSize = 16_384;
const long = [say('user', `My name is Ada. ${'one two three four '.repeat(Number(words) / 4)}`)];
const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-reopen-'));
const log = { info() {}, warn: console.warn, error: console.error };
const facts = { architecture: 'qwen35', embeddingLength: 256 } as ModelFacts;

/** Everything of one engine; `limit` 0: nothing is kept. */
async function measure(name: 'node-llama-cpp' | 'llama-server'): Promise<void> {
  const states = openStates(path.join(folder, name));
  let limit = 2 ** 33;
  const engine = createEngine({
    platform: {
      folders: { data: '', cache: defaultFolders().cache, models: folder },
      startEngine: () => forkEngine({ entry: fileURLToPath(new URL('../main/engine/host.ts', import.meta.url)), env: { ATELIER_GPU: 'cpu' } }),
    },
    log,
    stateFolder: states.folder,
    leaving: (loaded, save) => held.leave(loaded, save),
  });
  const held = createHeld({
    states,
    engine,
    key: async (chatId, { files, model: { backend, vision, settings } }) => stateKey({ chatId, backend, files, vision, settings, llamaCpp: 'bench' }),
    limit: () => limit,
    log,
  });
  const load = async (): Promise<void> => {
    const { batchSize, ...settings } = plan({ vision: false, contextSize });
    engine.load({ modelId: 'bench', files: [model], facts, settings, plan: { ...settings, batchSize }, engine: name });
    for await (const state of engine.watch(AbortSignal.timeout(120_000))) {
      if (state.status === 'ready') return;
      if (state.status === 'failed') throw new Error(JSON.stringify(state.error));
    }
  };
  /** Gives the time to the first token with what is done for it before, in ms. */
  const turn = async (chatId: string, messages: Message[]): Promise<{ text: string; ms: number; read: number; all: number }> => {
    const from = performance.now();
    const reading = await held.take('bench', chatId);
    const follow = reading.follow(messages);
    let text = '';
    let ms = 0;
    let [read, all] = [0, 0];
    await engine.generate('bench', ask(messages, { maxTokens: 8, slot: reading.slot }), (event) => {
      follow(event);
      if (event.type === 'text') {
        ms ||= performance.now() - from;
        text += event.text;
      }
      if (event.type === 'end') [read, all] = [event.stats.promptTokens - event.stats.cachedTokens, event.stats.promptTokens];
    });
    reading.release();
    return { text, ms, read, all };
  };

  const times: Record<string, number[]> = {};
  const note = (what: string, ms: number): void => {
    times[what] = [...(times[what] ?? []), ms];
  };
  let counted = '';
  for (let round = 0; round < rounds; round++) {
    const chat = `chat ${round}`;
    limit = 2 ** 33;
    await load();
    const first = await turn(chat, long);
    const next = [...long, say('assistant', first.text), say('user', 'What is my name?')];
    const kept = performance.now();
    await engine.unload();
    note('ejecting, with what was read kept', performance.now() - kept);
    const bytes = states.size();
    await load();
    const reopened = await turn(chat, next);
    note('reopened', reopened.ms);
    const more = [...next, say('assistant', reopened.text), say('user', 'And now?')];
    const still = await turn(chat, more);
    note('still held', still.ms);
    note('another chat (this one is kept first)', (await turn('other', [say('user', 'Hi!')])).ms);
    const back = await turn(chat, [...more, say('assistant', still.text), say('user', 'Well?')]);
    note('back from the other chat', back.ms);
    limit = 0;
    await engine.unload();
    states.clear();
    await load();
    const anew = await turn(chat, next);
    note('read anew', anew.ms);
    await engine.unload();
    counted = `${anew.all} tokens; read when reopened ${reopened.read}, when back ${back.read}, anew ${anew.read}; state ${(bytes / 2 ** 20).toFixed(1)} MiB`;
  }
  await engine.close();
  console.log(`${name}: ${counted}`);
  for (const [what, ms] of Object.entries(times)) {
    console.log(`  ${what.padEnd(40)} ${median(ms).toFixed(0).padStart(6)} ms   (${ms.map((one) => one.toFixed(0)).join(', ')})`);
  }
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

console.log(`${path.basename(model)}, context ${contextSize}, ${os.cpus().length} cores, load ${os.loadavg()[0]!.toFixed(1)}; medians of ${rounds}`);
try {
  await measure('node-llama-cpp');
  await measure('llama-server');
} finally {
  rmSync(folder, { recursive: true });
}
