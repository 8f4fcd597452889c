/** Coming back to a chat, with real engine processes and the tiny model: what was read once is not read again. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GenerateEvent, Message } from '../../shared/contract/control.ts';
import type { Overflow } from '../../shared/schemas/answer.ts';
import type { TurnStats } from '../../shared/schemas/chat.ts';
import { forkEngine } from '../engine/fork.ts';
import { buildServer } from '../engine/serverBuild.ts';
import { openStates, type States, stateKey } from '../engine/states.ts';
import { createEngine, type Engine } from '../engine/supervisor.ts';
import { ask, fixture, plan, quant, say } from '../engine/testModel.ts';
import { defaultFolders } from '../folders.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import type { EngineProcess } from '../platform.ts';
import { createHeld, type Held } from './held.ts';

const build = await buildServer({ cacheFolder: defaultFolders().cache });
if ('problem' in build) console.warn(`llama-server cannot be built here (${build.problem}): only node-llama-cpp is tested`);
const engines = (['node-llama-cpp', 'llama-server'] as const).filter((name) => name === 'node-llama-cpp' || !('problem' in build));

const entry = path.join(import.meta.dirname, '../engine/host.ts');
const log = { info() {}, warn() {}, error() {} };
const facts = { architecture: 'qwen35', embeddingLength: 256 } as ModelFacts;
const words = (count: number): string => 'one two three four '.repeat(count / 4);

describe.for(engines)('%s', (name) => {
  let folder: string;
  let states: States;
  let engine: Engine;
  let held: Held;
  let limit: number;
  let newest: EngineProcess;
  let model: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-held-'));
    states = openStates(path.join(folder, 'states'));
    limit = 2 ** 30;
    model = quant.q4;
    const cache = defaultFolders().cache;
    engine = createEngine({
      platform: {
        folders: { data: '', cache, models: folder },
        startEngine() {
          newest = forkEngine({ entry, env: { ATELIER_GPU: 'cpu', ATELIER_THREADS: '1' } });
          return newest;
        },
      },
      log,
      stateFolder: states.folder,
      leaving: (model, save) => held.leave(model, save),
    });
    held = createHeld({
      states,
      engine,
      key: async (chatId, { files, model: { backend, vision, settings } }) => stateKey({ chatId, backend, files, vision, settings, llamaCpp: 'v1' }),
      limit: () => limit,
      log,
    });
  });
  afterEach(async () => {
    await engine.close();
    rmSync(folder, { recursive: true });
  });

  async function load(contextSize = 4096, slots?: number): Promise<void> {
    const { batchSize, ...settings } = plan({ vision: false, contextSize, ...(slots && { slots }) });
    engine.load({ modelId: 'tiny', files: [model], facts, settings, plan: { ...settings, batchSize }, engine: name });
    for await (const { status } of engine.watch(AbortSignal.timeout(25_000))) if (status === 'ready') return;
    throw new Error('not loaded');
  }

  /** A turn in a chat as the chats have it. */
  async function turn(
    chatId: string,
    messages: Message[],
    overflow?: Overflow,
  ): Promise<{ text: string; stats: TurnStats; read: number; events: GenerateEvent[] }> {
    const reading = await held.take('tiny', chatId);
    const follow = reading.follow(messages);
    const events: GenerateEvent[] = [];
    await engine.generate('tiny', ask(messages, { maxTokens: 16, slot: reading.slot, ...(overflow && { overflow }) }), (event) => {
      follow(event);
      events.push(event);
    });
    reading.release();
    const end = events.at(-1);
    if (end?.type !== 'end') throw new Error('no end');
    const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('');
    return { text, stats: end.stats, read: end.stats.promptTokens - end.stats.cachedTokens, events };
  }
  const long = [say('user', `My name is Ada. ${words(2000)}`)];
  const next = (before: Message[], { text }: { text: string }): Message[] => [...before, say('assistant', text), say('user', 'What is my name?')];

  test('a chat goes on after its model was unloaded and loaded again, without being read again', async () => {
    await load();
    const first = await turn('a', long);
    expect(held.known('tiny', 'a', next(long, first))).toBe(2);
    await engine.unload();
    expect(states.size()).toBeGreaterThan(0);
    expect(held.known('tiny', 'a', next(long, first))).toBe(0);
    await load();
    const second = await turn('a', next(long, first));
    expect(second.stats.cachedTokens).toBeGreaterThan(2000);
    expect(second.read).toBeLessThan(20);
  });

  test('nor after another chat was answered in between, or another load took its place', async () => {
    await load();
    const first = await turn('a', long);
    await turn('b', [say('user', 'Hi!')]);
    expect(held.known('tiny', 'a', long)).toBe(0);
    const second = await turn('a', next(long, first));
    expect(second.stats.cachedTokens).toBeGreaterThan(2000);
    expect(second.read).toBeLessThan(20);
    await load();
    const third = await turn('a', next(next(long, first), second));
    expect(third.read).toBeLessThan(20);
    // Nothing of the short one.
    expect(readdirSync(states.folder)).toHaveLength(1);
  });

  // The other engine has none.
  if (name === 'llama-server')
    test('a model with slots holds as many chats; a further one takes the place of that which was used longest ago', async () => {
      await load(8192, 2);
      const first = await turn('a', long);
      const second = await turn('b', [say('user', `I am Bob. ${words(2000)}`)]);
      expect([held.known('tiny', 'a', next(long, first)), held.known('tiny', 'b', long)]).toEqual([2, 0]);
      // Its own last answer may be among what is read, where there was no time to settle it.
      expect((await turn('a', next(long, first))).read).toBeLessThan(60);
      // Of slot 1, where b was.
      await turn('c', [say('user', `I am Cleo. ${words(2000)}`)]);
      expect(held.known('tiny', 'a', long)).toBe(1);
      expect(readdirSync(states.folder)).toHaveLength(1);
      const back = [say('user', `I am Bob. ${words(2000)}`), say('assistant', second.text), say('user', 'What is my name?')];
      expect((await turn('b', back)).read).toBeLessThan(60);
      await engine.unload();
      expect(readdirSync(states.folder)).toHaveLength(3);
    });

  test('what is damaged is read again, and written again', async () => {
    await load();
    const first = await turn('a', long);
    await engine.unload();
    const file = path.join(states.folder, readdirSync(states.folder)[0]!);
    const { size } = statSync(file);
    writeFileSync(file, 'nothing');
    await load();
    const second = await turn('a', next(long, first));
    expect(second.read).toBeGreaterThan(2000);
    expect(second.text).not.toBe('');
    await engine.unload();
    expect(statSync(file).size).toBeGreaterThan(size / 2);
  });

  test('what a smaller context has no room for stays for a load that has', async () => {
    await load();
    const talk = Array.from({ length: 6 }, (_, n) => [say('user', `${n} ${words(400)}`), say('assistant', 'Yes.')]).flat();
    const messages = [...talk, say('user', 'Hi!')];
    const first = await turn('a', messages);
    expect(first.stats.promptTokens).toBeGreaterThan(2_400);
    await engine.unload();
    await load(2048);
    const short = await turn('a', messages, 'dropOldest');
    expect(short.events[0]).toMatchObject({ type: 'dropped' });
    expect(short.stats.promptTokens).toBeGreaterThan(1_000);
    await engine.unload();
    expect(readdirSync(states.folder)).toHaveLength(1);
    await load();
    const again = await turn('a', next(messages, first));
    expect(again.stats.cachedTokens).toBeGreaterThan(2_400);
    expect(again.read).toBeLessThan(60);
  });

  test('what went with an engine that crashed is not taken for what the next one holds', async () => {
    await load();
    const first = await turn('a', long);
    newest.kill();
    await newest.exited;
    await load();
    expect(held.known('tiny', 'a', next(long, first))).toBe(0);
    await engine.unload();
    expect(readdirSync(states.folder)).toEqual([]);
  });

  test('what another file of the model had read is not taken up, though it was read after the file took its place', async () => {
    model = path.join(folder, 'model.gguf');
    copyFileSync(quant.q4, model);
    await load();
    writeFileSync(`${model}.new`, readFileSync(fixture('tiny-qwen3.5-vl-Q6_K.gguf')));
    renameSync(`${model}.new`, model);
    const first = await turn('a', long);
    await engine.unload();
    expect(readdirSync(states.folder)).toHaveLength(1);
    await load();
    expect((await turn('a', next(long, first))).stats.cachedTokens).toBe(0);
  });

  test('a chat that was removed for good leaves nothing, also where the model holds it', async () => {
    await load();
    const first = await turn('a', long);
    await turn('b', [say('user', 'Hi!')]);
    await turn('a', next(long, first));
    held.forget('a');
    expect(readdirSync(states.folder)).toEqual([]);
    await engine.unload();
    expect(readdirSync(states.folder)).toEqual([]);
  });

  test('nothing is written where nothing may be', async () => {
    limit = 0;
    await load();
    await turn('a', long);
    await engine.unload();
    expect(readdirSync(states.folder)).toEqual([]);
  });

  test('a long conversation in a small context: the oldest are left out, and that is said first', async () => {
    await load(1024);
    const reading = await held.take('tiny', 'a');
    const talk = Array.from({ length: 8 }, (_, n) => [say('user', `${n} ${words(200)}`), say('assistant', 'Yes.')]).flat();
    const messages = [...talk, say('user', 'Hi!')];
    const events: GenerateEvent[] = [];
    const follow = reading.follow(messages);
    await engine.generate('tiny', ask(messages, { maxTokens: 16, overflow: 'dropOldest' }), (event) => {
      follow(event);
      events.push(event);
    });
    expect(events[0]).toMatchObject({ type: 'dropped' });
    expect((events[0] as { messages: number }).messages).toBeGreaterThan(5);
    // It was not read as it stands.
    expect(held.known('tiny', 'a', messages)).toBe(0);
    await expect(engine.generate('tiny', ask(messages, { overflow: 'stop' }), () => {})).rejects.toMatchObject({ code: 'engine.contextFull' });
  });
});
