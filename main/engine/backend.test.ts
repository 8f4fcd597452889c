/** What every backend must do, asked of both with the tiny model. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LoadedModel } from '../../shared/schemas/engine.ts';
import type { Backend } from './backend.ts';
import { createLlamaServer } from './llamaServer.ts';
import { createNodeLlamaCpp } from './nodeLlamaCpp.ts';
import { answer, engines, never, open as openEngine, serverFolder } from './testBackends.ts';
import { ask, fixture, plan, projector, quant, say, sureConversations, surePictures } from './testModel.ts';

describe.for(engines)('$name', (engine) => {
  const open = (model: string, changes: Parameters<typeof plan>[0] = {}): ReturnType<typeof openEngine> => openEngine(engine, model, changes);

  describe.for([
    { quant: 'Q4_K_M', model: quant.q4 },
    { quant: 'Q8_0 in three files', model: quant.split },
  ])('$quant', ({ model }) => {
    let backend: Backend;
    beforeAll(async () => {
      ({ backend } = await open(model));
    });
    afterAll(() => backend.dispose());

    test('answers every sure conversation to the letter', async () => {
      const wrong: unknown[] = [];
      for (const { messages, thinking, expected } of sureConversations) {
        const { text, thinking: thought } = await answer(backend, ask(messages, { thinking }));
        if (text !== expected.content || (thought !== '') !== thinking) wrong.push({ messages, text, thought, expected });
      }
      expect(wrong).toEqual([]);
    }, 120_000);
  });

  describe('one model', () => {
    let backend: Backend;
    let loaded: LoadedModel;
    let progress: number[];
    beforeAll(async () => {
      ({ backend, loaded, progress } = await open(quant.q4));
    });
    afterAll(() => backend.dispose());

    test('says what was loaded', () => {
      expect(loaded).toMatchObject({ contextSize: 4096, layers: { total: 5, onGpu: 0 }, thinking: true, vision: engine.vision, backend: engine.name });
      expect(loaded.memory?.ram.weights).toBeGreaterThan(2_500_000);
      expect(loaded.memory?.ram.kvCache).toBe(2 * 1024 * 1024);
      expect(loaded.memory?.gpu.weights).toBe(0);
      // 2.78 MiB of weights, and 41.46 of work on the largest picture.
      if (loaded.vision) expect(loaded.memory!.ram.projector / 2 ** 20).toBeCloseTo(44.24, 1);
      expect(progress.at(-1)).toBe(1);
      expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    });

    test('writes as it goes and counts what it wrote', async () => {
      const { text, events, stats } = await answer(backend, ask('Count from 1 to 100.'));
      expect(text).toMatch(/^1, 2, 3, .*, 99, 100$/);
      expect(events.filter(({ type }) => type === 'text').length).toBeGreaterThan(50);
      expect(events.findLast((event) => event.type === 'prompt')).toEqual({ type: 'prompt', processed: stats.promptTokens, total: stats.promptTokens });
      expect(stats).toMatchObject({ stopReason: 'end' });
      expect(stats.tokens).toBeGreaterThan(100);
      expect(stats.tokensPerSecond).toBeGreaterThan(0);
      expect(stats.firstTokenMs).toBeGreaterThan(0);
      expect(stats.thinkingMs).toBeUndefined();
    });

    test('thinks apart from the answer', async () => {
      const { thinking, text, stats } = await answer(backend, ask('Hi!', { thinking: true }));
      expect(thinking).not.toBe('');
      expect(thinking + text).not.toMatch(/<\/?think>/);
      expect(text).toBe('Hello! How can I help you today?');
      expect(stats.thinkingMs).toBeGreaterThanOrEqual(0);
    });

    test('stops when told, keeps its words, and goes on with the next question', async () => {
      const stopped = await answer(backend, ask('Count from 1 to 100.'), (event, stop) => {
        if (event.type === 'text' && event.text.includes('7')) stop();
      });
      expect(stopped.stats.stopReason).toBe('stopped');
      expect(stopped.text).toMatch(/^1, 2, 3, 4, 5, 6, 7/);
      expect(stopped.stats.tokens).toBeLessThan(60);
      const next = await answer(backend, ask('Hi!'));
      expect(next.text).toBe('Hello! How can I help you today?');
    });

    test('can be stopped before its first word', async () => {
      const long = ask([say('user', `${'one two three four '.repeat(400)}`)]);
      const { text, stats } = await answer(backend, long, (event, stop) => {
        if (event.type === 'prompt' && event.processed < event.total) stop();
      });
      expect(stats).toMatchObject({ stopReason: 'stopped', tokens: 0 });
      expect(text).toBe('');
    });

    test('does not process a conversation twice', async () => {
      const first = await answer(backend, ask('My name is Ada.'));
      const second = await answer(backend, ask([say('user', 'My name is Ada.'), say('assistant', first.text), say('user', 'What is my name?')]));
      expect(second.text).toMatch(/Ada/);
      expect(second.stats.cachedTokens).toBeGreaterThan(0);
      expect(second.stats.cachedTokens).toBeLessThan(second.stats.promptTokens);
    });

    test('draws the same with the same seed, and not with another', async () => {
      const draw = async (seed: number): Promise<string> => (await answer(backend, ask('Tell me something.', { temperature: 2, seed, maxTokens: 40 }))).text;
      expect(await draw(1)).toBe(await draw(1));
      expect(new Set([await draw(1), await draw(2), await draw(3)]).size).toBeGreaterThan(1);
    });

    test('writes no more than asked', async () => {
      const { stats } = await answer(backend, ask('Count from 1 to 100.', { maxTokens: 9 }));
      expect(stats).toMatchObject({ stopReason: 'length', tokens: 9 });
    });

    test('never writes half a character', async () => {
      const { text } = await answer(backend, ask('Repeat: naïve façade 🙂 œuvre 日本', { maxTokens: 80 }));
      const odd = await answer(backend, ask('Repeat: naïve façade 🙂 œuvre 日本', { temperature: 1, seed: 5, maxTokens: 60 }));
      expect(text + odd.text).not.toContain('\uFFFD');
      const french = await answer(backend, ask('Au revoir !'));
      expect(french.text).toBe('Au revoir ! À bientôt.');
    });

    test('refuses a conversation that is longer than the context', async () => {
      const long = ask([say('user', 'one two three four five six seven '.repeat(1000))]);
      await expect(answer(backend, long)).rejects.toMatchObject({ code: 'engine.contextFull', data: { context: 4096 } });
    });
  });

  test('ends at the end of the context', async () => {
    const { backend } = await open(quant.q4, { contextSize: 256 });
    const { stats, text } = await answer(backend, ask('Count from 1 to 100.'));
    await backend.dispose();
    expect(stats.stopReason).toBe('context');
    expect(text).toMatch(/^1, 2, 3/);
  });

  test('layers for a GPU that is not there stay on the processor', async () => {
    const { backend, loaded } = await open(quant.q4, { gpuLayers: 99 });
    await backend.dispose();
    expect(loaded.layers).toEqual({ total: 5, onGpu: 0 });
    expect(loaded.memory?.gpu).toEqual({ weights: 0, kvCache: 0, state: 0, compute: 0, projector: 0 });
  });

  test('a load can be cancelled', async () => {
    const abort = new AbortController();
    abort.abort(new Error('changed my mind'));
    const vision = engine.vision && serverFolder ? { projector, serverFolder } : {};
    await expect(engine.create().load({ model: quant.q4, plan: plan(), ...vision }, () => {}, abort.signal)).rejects.toThrow('changed my mind');
  });

  describe('says why a file cannot be loaded', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-bad-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const bytes = readFileSync(quant.q4);
    const write = (name: string, content: Buffer): string => {
      writeFileSync(path.join(folder, name), content);
      return path.join(folder, name);
    };

    test('not a GGUF', () => expect(open(fixture('README.md'))).rejects.toMatchObject({ code: 'gguf.notGguf' }));
    test('cut in the middle', () => expect(open(write('cut.gguf', bytes.subarray(0, 1_000_000)))).rejects.toMatchObject({ code: 'gguf.truncated' }));
    test('cut in its header', () => expect(open(write('head.gguf', bytes.subarray(0, 1_000)))).rejects.toMatchObject({ code: 'gguf.truncated' }));
    test('an unknown architecture', () =>
      expect(open(write('new.gguf', Buffer.from(bytes.toString('latin1').replaceAll('qwen35', 'qwen99'), 'latin1')))).rejects.toMatchObject({
        code: 'gguf.architecture',
        data: { architecture: 'qwen99' },
      }));
    test('a file that is not there', () => expect(open(path.join(folder, 'none.gguf'))).rejects.toMatchObject({ code: 'engine.loadFailed' }));
  });
});

describe.skipIf(!serverFolder)('pictures', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = createLlamaServer();
    await backend.load({ model: quant.q4, projector, plan: plan(), serverFolder: serverFolder! }, () => {}, never);
  });
  afterAll(() => backend.dispose());

  test('sees them', async () => {
    const wrong: unknown[] = [];
    for (const { file, q, a } of surePictures.slice(0, 24)) {
      const { text } = await answer(
        backend,
        ask([
          {
            role: 'user',
            content: [
              { type: 'image', path: file },
              { type: 'text', text: q },
            ],
          },
        ]),
      );
      if (text !== a) wrong.push({ file, q, text, a });
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  test('leaves no process behind', async () => {
    const own = createLlamaServer();
    await own.load({ model: quant.q4, plan: plan(), serverFolder: serverFolder! }, () => {}, never);
    const parents = (): string[] => execFileSync('ps', ['-eo', 'ppid='], { encoding: 'utf8' }).split('\n');
    const children = (): number => parents().filter((parent) => Number(parent) === process.pid).length;
    const before = children();
    await own.dispose();
    expect(children()).toBe(before - 1);
  });
});

test('the text backend refuses pictures', async () => {
  const backend = createNodeLlamaCpp();
  await backend.load({ model: quant.q4, plan: plan() }, () => {}, never);
  const request = ask([{ role: 'user', content: [{ type: 'image', path: projector }] }]);
  await expect(backend.generate(request, () => {}, never)).rejects.toMatchObject({ code: 'engine.noVision' });
  await backend.dispose();
});
