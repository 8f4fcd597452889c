/** Guessing ahead: the same words, many of them guessed, in no more memory than was said. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { getLlama, type Llama, LlamaLogLevel } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LoadPlan, LoadRequest } from '../../shared/contract/control.ts';
import { type MemorySplit, splitTotal } from '../../shared/schemas/memory.ts';
import { askMemory } from '../memory/ask.ts';
import { writeMtpModel } from '../memory/testing/mtpModel.ts';
import { writePlainModel } from '../memory/testing/plainModel.ts';
import { answer, engines, open, serverFolder } from './testBackends.ts';
import { ask, fixture, plan, projector, quant, say, sureConversations, surePictures } from './testModel.ts';

const server = engines.find(({ name }) => name === 'llama-server');
const other = fixture('tiny-qwen3.5-vl-Q6_K.gguf');
const conversations = sureConversations.slice(0, 12);

describe.skipIf(!server)('llama-server', () => {
  let folder: string;
  let own: string;
  let llama: Llama;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-guess-'));
    own = path.join(folder, 'own.gguf');
    writeMtpModel(quant.q4, own);
    llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.disabled });
  });
  afterAll(async () => {
    await llama.dispose();
    rmSync(folder, { recursive: true });
  });

  /** The answers to all conversations, what was guessed for them, and the memory that the load took. */
  async function run(model: string, speculation: LoadRequest['speculation'], changes: Partial<LoadPlan> = {}) {
    const { backend, loaded } = await open(server!, model, changes, speculation && { speculation });
    const texts: string[] = [];
    const guesses = { guessed: 0, accepted: 0 };
    try {
      for (const { messages, thinking } of conversations) {
        const { text, stats } = await answer(backend, ask(messages, { thinking }));
        texts.push(text);
        guesses.guessed += stats.draft?.guessed ?? 0;
        guesses.accepted += stats.draft?.accepted ?? 0;
      }
    } finally {
      await backend.dispose();
    }
    return { texts, ...guesses, memory: loaded.memory! };
  }

  /** What llama.cpp printed, each buffer to 5 KB, is no more than was said, and all of it not much less. */
  function within(taken: MemorySplit, said: MemorySplit): void {
    const printed = 30_000;
    for (const part of ['weights', 'kvCache', 'state', 'compute'] as const) expect(taken[part], part).toBeLessThan(said[part] + printed);
    expect(splitTotal(taken)).toBeGreaterThan(0.7 * splitTotal(said));
  }

  test('by another quantization of itself: nearly all is right, and the words are the same', async () => {
    const asked = { slots: 2, contextSize: 8192 };
    const [alone, guessed] = [await run(quant.q4, undefined, asked), await run(quant.q4, { type: 'draft', model: other }, asked)];
    expect(guessed.texts).toEqual(alone.texts);
    expect(alone.guessed).toBe(0);
    console.log(`guessed by the Q6_K of the same model: ${guessed.accepted} of ${guessed.guessed} right`);
    expect(guessed.accepted / guessed.guessed).toBeGreaterThan(0.8);
    const said = await askMemory(llama, {
      header: quant.q4,
      projector,
      draft: other,
      plan: plan({ ...asked, speculation: { type: 'draft', model: 'library id' } }),
    });
    within(guessed.memory.ram, said.ram);
  });

  test('by its own layers: the words are the same', async () => {
    const [alone, guessed] = [await run(quant.q4, undefined), await run(own, { type: 'mtp' })];
    expect(guessed.texts).toEqual(alone.texts);
    console.log(`guessed by a layer of its own that nobody trained: ${guessed.accepted} of ${guessed.guessed} right`);
    expect(guessed.guessed).toBeGreaterThan(0);
    const said = await askMemory(llama, { header: own, projector, plan: plan({ speculation: { type: 'mtp' } }) });
    within(guessed.memory.ram, said.ram);
  });

  test('what is said about pictures is the same too', async () => {
    const { backend } = await open(server!, quant.q4, {}, { speculation: { type: 'draft', model: other } });
    const wrong: unknown[] = [];
    for (const { file, q, a } of surePictures.slice(0, 6)) {
      const content = [
        { type: 'image' as const, path: file },
        { type: 'text' as const, text: q },
      ];
      const { text } = await answer(backend, ask([{ role: 'user', content }]));
      if (text !== a) wrong.push({ file, q, text, a });
    }
    await backend.dispose();
    expect(wrong).toEqual([]);
  });

  test.each(['draft', 'mtp'] as const)('a conversation that comes back from the disk goes on with the same words: %s', async (type) => {
    const speculation = type === 'mtp' ? { type } : { type, model: other };
    const model = type === 'mtp' ? own : quant.q4;
    const first = [say('user', 'My name is Ada.')];
    const then = (said: string) => ask([...first, say('assistant', said), say('user', 'What is my name?')]);
    const file = path.join(folder, `${type}.state`);
    const plain = await open(server!, quant.q4);
    const said = (await answer(plain.backend, ask(first))).text;
    const { text } = await answer(plain.backend, then(said));
    await plain.backend.dispose();

    const before = await open(server!, model, {}, { speculation, stateFolder: folder });
    await answer(before.backend, ask(first));
    await before.backend.saveState(file, 0);
    await before.backend.dispose();
    const after = await open(server!, model, {}, { speculation, stateFolder: folder });
    await after.backend.restoreState(file, 0);
    const next = await answer(after.backend, then(said));
    await after.backend.dispose();
    expect(next.text).toBe(text);
    expect(next.stats.cachedTokens).toBeGreaterThan(0);
  });

  test('a conversation that is fetched after another one was answered goes on, also where words stand at plain positions', async () => {
    const [large, small] = [path.join(folder, 'large.gguf'), path.join(folder, 'small.gguf')];
    writePlainModel(large, 2);
    writePlainModel(small, 1);
    const speculation = { type: 'draft' as const, model: small };
    const more: Partial<LoadRequest> = { serverFolder, speculation, stateFolder: folder };
    const { backend } = await open({ ...server!, vision: false }, large, {}, more);
    try {
      const first = [say('user', `My name is Ada. ${'one two '.repeat(300)}`)];
      const said = await answer(backend, ask(first, { maxTokens: 16 }));
      const then = ask([...first, say('assistant', said.text), say('user', 'What is my name?')], { maxTokens: 16 });
      const file = path.join(folder, 'plain.state');
      await backend.saveState(file, 0);
      const held = await answer(backend, then);
      await answer(backend, ask('Hi!', { maxTokens: 16 }));
      await backend.restoreState(file, 0);
      const back = await answer(backend, then);
      expect(back.text).toBe(held.text);
      expect(back.stats.cachedTokens).toBeGreaterThan(500);
    } finally {
      await backend.dispose();
    }
  });
});
